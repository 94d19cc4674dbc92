#include "runtime/data_lock.hpp"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sstream>
#include <stdexcept>
#include <system_error>
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

struct flock whole_file(short type) {
    struct flock lock {};
    lock.l_type = type;
    lock.l_whence = SEEK_SET;
    return lock;
}

/// Locks of the open file, not of the process: a second open and close in this process can't end them.
bool try_lock(int file) {
    auto lock = whole_file(F_WRLCK);
    if (fcntl(file, F_OFD_SETLK, &lock) == 0) return true;
    if (errno == EAGAIN || errno == EACCES) return false;
    throw std::system_error(errno, std::generic_category(), "can't lock");
}

bool is_locked(int file) {
    auto lock = whole_file(F_RDLCK);
    return fcntl(file, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

DataLock::Holder read_holder(int file) {
    std::string text;
    std::array<char, 4096> part{};
    for (off_t at = 0;;) {
        const auto length = pread(file, part.data(), part.size(), at);
        if (length <= 0) break;
        text.append(part.data(), static_cast<std::size_t>(length));
        at += length;
    }
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

std::string in_the_way(const std::string& folder, const DataLock::Holder& holder) {
    // Between taking the lock and writing down who took it there is a moment.
    const std::string who =
        holder.pid > 0 ? holder.program + " (process " + std::to_string(holder.pid) + ")" : "another process";
    return folder + " is in use by " + who + ": embedded parts serve one process; end it, or choose another folder";
}

}  // namespace

DataLock::DataLock(const std::string& folder, std::string program)
    : program_(program.empty() ? program_invocation_short_name : std::move(program)) {
    std::error_code error;
    if (std::filesystem::create_directories(folder, error)) {
        std::filesystem::permissions(folder, std::filesystem::perms::owner_all, error);
    }
    const auto path = lock_path(folder);
    File file(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (file.get() < 0) {
        throw std::runtime_error(folder + " can't be used: " + path + ": " + std::strerror(errno));
    }
    if (!try_lock(file.get())) throw std::runtime_error(in_the_way(folder, read_holder(file.get())));
    file_ = file.release();
    write({});
}

DataLock::~DataLock() {
    close(file_);
}

void DataLock::publish(const std::map<std::string, std::string>& addresses) {
    write(addresses);
}

void DataLock::write(const std::map<std::string, std::string>& addresses) const {
    std::string text = "pid " + std::to_string(getpid()) + "\nprogram " + program_ + "\n";
    for (const auto& [part, address] : addresses) text += part + " " + address + "\n";
    if (ftruncate(file_, 0) != 0 || pwrite(file_, text.data(), text.size(), 0) != static_cast<ssize_t>(text.size())) {
        throw std::system_error(errno, std::generic_category(), "can't write the lock of the data folder");
    }
}

std::optional<DataLock::Holder> DataLock::holder(const std::string& folder) {
    const File file(open(lock_path(folder).c_str(), O_RDONLY | O_CLOEXEC));
    if (file.get() < 0 || !is_locked(file.get())) return std::nullopt;
    return read_holder(file.get());
}

}  // namespace nearline
