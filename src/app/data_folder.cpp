#include "app/data_folder.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <stdexcept>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/log.hpp"
#include "token/jwt.hpp"

namespace nearline::app {

namespace {

std::string random_hex() {
    std::array<unsigned char, 32> bytes{};
    if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
        throw std::runtime_error("the kernel gives no random numbers");
    }
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (const unsigned byte : bytes) {
        text += digits[byte >> 4U];
        text += digits[byte & 15U];
    }
    return text;
}

/// Whole or not at all: a secret that is half there would make every later start fail.
void write_new_file(const std::string& file, const std::string& text) {
    const auto fail = [&] { return std::runtime_error(file + " can't be made: " + std::strerror(errno)); };
    const auto temporary = file + ".new";
    unlink(temporary.c_str());
    const int descriptor = open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (descriptor < 0) throw fail();
    const bool written =
        write(descriptor, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && fsync(descriptor) == 0;
    close(descriptor);
    if (!written || rename(temporary.c_str(), file.c_str()) != 0) throw fail();
}

/// A backup that was put back, or an editor, may have given it another mode.
void warn_of_readers(const std::string& file) {
    struct stat status {};
    if (stat(file.c_str(), &status) != 0 || (status.st_mode & (S_IRWXG | S_IRWXO)) == 0) return;
    log::warning("others can read the secret, and make any token with it", {{"mend", "chmod 600 " + file}});
}

}  // namespace

std::string registry_file(const std::string& folder) {
    return folder + "/registry.db";
}

std::string read_secret(const std::string& file) {
    std::ifstream in(file);
    std::string secret;
    if (!std::getline(in, secret)) throw std::runtime_error(file + " can't be read");
    try {
        token::require_strong_secret(secret);
    } catch (const std::invalid_argument& e) {
        throw std::runtime_error(file + ": " + e.what());
    }
    return secret;
}

std::string read_or_make_secret(const std::string& file) {
    if (access(file.c_str(), F_OK) != 0) write_new_file(file, random_hex() + "\n");
    warn_of_readers(file);
    return read_secret(file);
}

}  // namespace nearline::app
