#include "runtime/data_lock.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sstream>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <unistd.h>
#include <utility>

namespace nearline {

namespace {

/// A descriptor and its end.
class File {
public:
    explicit File(int descriptor) noexcept : descriptor_(descriptor) {}
    ~File() {
        if (descriptor_ >= 0) close(descriptor_);
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    int get() const noexcept { return descriptor_; }
    int release() noexcept { return std::exchange(descriptor_, -1); }

private:
    int descriptor_;
};

std::string lock_path(const std::string& folder) {
    return (std::filesystem::path(folder) / DataLock::file_name).string();
}

/// A process that was killed holds its folder until the kernel has taken its memory.
constexpr std::chrono::milliseconds patience{1'000};
constexpr std::chrono::milliseconds look_again{10};

/// Bytes of the lock file. Who holds the folder alone locks all that there are and ever will be, and writes at
/// the beginning; who shares it locks a place of its own further on, and writes there. So both are in each
/// other's way, those who share are not, and a lock in the way leads to the name of its owner.
struct Range {
    off_t start;
    off_t length;  ///< 0: to the end, wherever that will be
};
constexpr Range all{0, 0};
constexpr Range beginning{0, 4096};
constexpr off_t place_size = 64;
constexpr off_t most_places = 1'000;

Range place(off_t number) {
    return {beginning.length + number * place_size, place_size};
}

struct flock lock_of(Range range) {
    struct flock lock {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    lock.l_start = range.start;
    lock.l_len = range.length;
    return lock;
}

/// Locks of the open file, not of the process: a second open and close in this process can't end them.
bool try_lock(int file, Range range) {
    auto lock = lock_of(range);
    if (fcntl(file, F_OFD_SETLK, &lock) == 0) return true;
    if (errno == EAGAIN || errno == EACCES) return false;
    throw std::system_error(errno, std::generic_category(), "can't lock");
}

/// Where a lock begins that is in the way.
std::optional<off_t> locked_at(int file, Range range) {
    auto lock = lock_of(range);
    if (fcntl(file, F_OFD_GETLK, &lock) != 0 || lock.l_type == F_UNLCK) return std::nullopt;
    return lock.l_start;
}

std::string who(long pid, const std::string& program) {
    return "pid " + std::to_string(pid) + "\nprogram " + program + "\n";
}

DataLock::Holder read_holder(int file, Range range) {
    std::string text(static_cast<std::size_t>(range.length), '\0');
    const auto length = pread(file, text.data(), text.size(), range.start);
    text.resize(static_cast<std::size_t>(std::max<ssize_t>(length, 0)));
    DataLock::Holder holder;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        const auto space = line.find(' ');
        if (space == std::string::npos) continue;
        const auto key = line.substr(0, space);
        const auto value = line.substr(space + 1);
        if (key == "pid") {
            holder.pid = std::atol(value.c_str());
        } else if (key == "program") {
            holder.program = value;
        } else {
            holder.addresses[key] = value;
        }
    }
    return holder;
}

std::string in_the_way(const std::string& folder, int file) {
    DataLock::Holder holder;
    if (const auto start = locked_at(file, all)) {
        holder = read_holder(file, *start == beginning.start ? beginning : Range{*start, place_size});
    }
    // Between taking the lock and writing down who took it there is a moment.
    const std::string who =
        holder.pid > 0 ? holder.program + " (process " + std::to_string(holder.pid) + ")" : "another process";
    return folder + " is in use by " + who + ": embedded parts serve one process; end it, or choose another folder";
}

}  // namespace

DataLock::DataLock(const std::string& folder, std::string program, Use use)
    : program_(program.empty() ? program_invocation_short_name : std::move(program)) {
    std::error_code error;
    if (std::filesystem::create_directories(folder, error)) {
        std::filesystem::permissions(folder, std::filesystem::perms::owner_all, error);
    }
    if (error) throw std::runtime_error(folder + " can't be made: " + error.message());
    const auto path = lock_path(folder);
    File file(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (file.get() < 0) {
        throw std::runtime_error(folder + " can't be used: " + path + ": " + std::strerror(errno));
    }
    const auto until = std::chrono::steady_clock::now() + patience;
    while (!(use == Use::shared ? take_place(file.get()) : try_lock(file.get(), all))) {
        if (std::chrono::steady_clock::now() > until) throw std::runtime_error(in_the_way(folder, file.get()));
        std::this_thread::sleep_for(look_again);
    }
    if (use == Use::alone) write({}, file.get());
    file_ = file.release();
}

bool DataLock::take_place(int file) const {
    for (off_t number = 0; number < most_places; ++number) {
        if (try_lock(file, place(number))) {
            auto text = who(getpid(), program_);
            text.resize(place_size, '\n');
            // On a full disk the folder is held all the same, by nobody that can be named.
            static_cast<void>(pwrite(file, text.data(), text.size(), place(number).start));
            return true;
        }
        if (locked_at(file, beginning)) break;
    }
    return false;
}

DataLock::~DataLock() {
    close(file_);
}

void DataLock::publish(const std::map<std::string, std::string>& addresses) {
    write(addresses, file_);
}

void DataLock::write(const std::map<std::string, std::string>& addresses, int file) const {
    auto text = who(getpid(), program_);
    for (const auto& [part, address] : addresses) text += part + " " + address + "\n";
    if (ftruncate(file, 0) != 0 || pwrite(file, text.data(), text.size(), 0) != static_cast<ssize_t>(text.size())) {
        throw std::system_error(errno, std::generic_category(), "can't write the lock of the data folder");
    }
}

std::optional<DataLock::Holder> DataLock::holder(const std::string& folder) {
    const File file(open(lock_path(folder).c_str(), O_RDONLY | O_CLOEXEC));
    if (file.get() < 0 || !locked_at(file.get(), beginning)) return std::nullopt;
    return read_holder(file.get(), beginning);
}

}  // namespace nearline
