#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
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
        // Of this thread alone, and of no mail program's interest.
        const std::string temporary = folder_ + "/." + message.id + '-' + Uuid::random().to_string();
        if (!write_file(temporary, message.bytes) || ::rename(temporary.c_str(), path.c_str()) != 0) {
            Sent failed = away(std::strerror(errno));
            ::unlink(temporary.c_str());
            return failed;
        }
        const File folder(folder_, O_RDONLY | O_DIRECTORY);
        if (!folder.is_open() || !folder.sync()) return away(std::strerror(errno));
        return {};
    }

private:
    Sent away(const std::string& why) const {
        return {Sent::Outcome::away, plain_words("mail folder " + folder_ + ": " + why)};
    }

    static bool write_file(const std::string& path, const std::string& bytes) {
        const File file(path, O_WRONLY | O_CREAT | O_EXCL);
        return file.is_open() && file.write(bytes) && file.sync();
    }

    const std::string folder_;
};

}  // namespace

std::unique_ptr<Mailer> make_file_mailer(const std::string& folder) {
    return std::make_unique<FileMailer>(folder);
}

}  // namespace nearline::notification
