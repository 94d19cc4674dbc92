#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/file.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include "domain/uuid.hpp"
#include "notification/mailer.hpp"

namespace nearline::notification {
namespace {

namespace fs = std::filesystem;

/// A descriptor and its end.
class File {
public:
    File(const std::string& path, int flags)
        : descriptor_(::open(path.c_str(), flags | O_CLOEXEC, S_IRUSR | S_IWUSR)) {}
    ~File() {
        if (descriptor_ >= 0) ::close(descriptor_);
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;

    bool is_open() const noexcept { return descriptor_ >= 0; }
    /// Shows others that somebody works on it, until it is closed, however that comes. False: somebody does.
    bool lock() const noexcept { return ::flock(descriptor_, LOCK_EX | LOCK_NB) == 0; }
    bool sync() const noexcept { return ::fsync(descriptor_) == 0; }
    bool write(std::string_view bytes) const noexcept {
        while (!bytes.empty()) {
            const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
            if (written < 0 && errno == EINTR) continue;
            if (written <= 0) return false;
            bytes.remove_prefix(static_cast<std::size_t>(written));
        }
        return true;
    }

private:
    int descriptor_;
};

/// A file's name while it is written: of one thread alone, and of no mail program's interest.
std::string temporary_name(const std::string& id) {
    return '.' + id + '-' + Uuid::random().to_string();
}

bool is_temporary_name(std::string_view name) {
    constexpr std::size_t id_size = 36;
    return name.size() == 2 * id_size + 2 && name[0] == '.' && name[id_size + 1] == '-' &&
           Uuid::parse(name.substr(1, id_size)) && Uuid::parse(name.substr(id_size + 2));
}

class FileMailer final : public Mailer {
public:
    explicit FileMailer(std::string folder) : folder_(std::move(folder)) {}

    std::string dependency() const override { return "mail folder"; }

    Sent send(const Message& message) override {
        // The name comes from the id, so that it must be nothing else.
        if (!Uuid::parse(message.id)) return {Sent::Outcome::permanent, "the mail's id is no UUID"};
        std::error_code error;
        if (fs::create_directories(folder_, error)) fs::permissions(folder_, fs::perms::owner_all, error);
        if (error) return away(error.message());
        const std::string path = folder_ + '/' + message.id + ".eml";
        const std::string temporary = folder_ + '/' + temporary_name(message.id);
        {
            const File file(temporary, O_WRONLY | O_CREAT | O_EXCL);
            // Until it has its name. Where a file system has no locks, nothing is tidied, and nothing else is lost.
            if (file.is_open()) file.lock();
            const bool is_whole = file.is_open() && file.write(message.bytes) && file.sync();
            if (!is_whole || ::rename(temporary.c_str(), path.c_str()) != 0) {
                Sent failed = away(std::strerror(errno));
                ::unlink(temporary.c_str());
                return failed;
            }
        }
        const File folder(folder_, O_RDONLY | O_DIRECTORY);
        if (!folder.is_open() || !folder.sync()) return away(std::strerror(errno));
        return {};
    }

private:
    Sent away(const std::string& why) const {
        return {Sent::Outcome::away, plain_words("mail folder " + folder_ + ": " + why)};
    }

    const std::string folder_;
};

}  // namespace

void tidy_mail_folder(const std::string& folder) {
    std::error_code error;
    for (fs::directory_iterator files(folder, error); !error && files != fs::directory_iterator();
         files.increment(error)) {
        if (!is_temporary_name(files->path().filename().native())) continue;
        const File file(files->path().native(), O_RDONLY);
        if (file.is_open() && file.lock()) ::unlink(files->path().c_str());
    }
}

std::unique_ptr<Mailer> make_file_mailer(const std::string& folder) {
    return std::make_unique<FileMailer>(folder);
}

}  // namespace nearline::notification
