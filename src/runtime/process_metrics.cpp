#include "runtime/process_metrics.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <sys/resource.h>
#include <unistd.h>

namespace nearline {

namespace {

/// What /proc/self/stat says, as far as it is wanted (proc(5)).
struct Stat {
    double cpu_seconds = 0;
    double threads = 0;
    double start_seconds_after_boot = 0;
    double virtual_bytes = 0;
    double resident_bytes = 0;
};

std::optional<Stat> read_stat() {
    std::ifstream file("/proc/self/stat");
    std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    // The second field is the program's name in brackets, which may hold anything.
    const auto name_end = text.rfind(')');
    if (name_end == std::string::npos) return std::nullopt;
    std::istringstream rest(text.substr(name_end + 1));
    const std::vector<std::string> fields{std::istream_iterator<std::string>(rest), {}};
    if (fields.size() < 22) return std::nullopt;
    const auto field = [&](std::size_t number) { return std::stod(fields[number - 3]); };  // proc(5) counts from 1
    const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
    return Stat{(field(14) + field(15)) / ticks, field(20), field(22) / ticks, field(23),
                field(24) * static_cast<double>(sysconf(_SC_PAGESIZE))};
}

std::optional<double> boot_time() {
    std::ifstream file("/proc/stat");
    std::string word;
    double value = 0;
    while (file >> word) {
        if (word == "btime" && file >> value) return value;
    }
    return std::nullopt;
}

std::optional<double> open_descriptors() {
    std::error_code error;
    std::filesystem::directory_iterator entries("/proc/self/fd", error);
    if (error) return std::nullopt;
    // One of them is the folder itself, being read.
    return static_cast<double>(std::distance(begin(entries), end(entries)) - 1);
}

}  // namespace

std::vector<ProcessFigure> process_figures() {
    std::vector<ProcessFigure> figures;
    if (const auto stat = read_stat()) {
        figures.push_back(
            {"process_cpu_seconds_total", "User and system CPU time in seconds", true, stat->cpu_seconds});
        figures.push_back({"process_resident_memory_bytes", "Resident memory in bytes", false, stat->resident_bytes});
        figures.push_back({"process_virtual_memory_bytes", "Virtual memory in bytes", false, stat->virtual_bytes});
        figures.push_back({"process_threads", "Threads", false, stat->threads});
        if (const auto boot = boot_time()) {
            figures.push_back({"process_start_time_seconds", "Start of the process, seconds since 1970-01-01 UTC",
                               false, *boot + stat->start_seconds_after_boot});
        }
    }
    if (const auto open = open_descriptors()) {
        figures.push_back({"process_open_fds", "Open file descriptors", false, *open});
    }
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        figures.push_back(
            {"process_max_fds", "File descriptors that may be open", false, static_cast<double>(limit.rlim_cur)});
    }
    return figures;
}

}  // namespace nearline
