#include "auth/passwords.hpp"

#include <algorithm>
#include <array>
#include <new>
#include <sodium.h>
#include <stdexcept>

#include "domain/user.hpp"

namespace nearline::auth {
namespace {

constexpr unsigned long long passes = 2;
constexpr std::size_t memory = 19 << 20;
constexpr std::size_t least_characters = 8;
constexpr std::size_t most_bytes = 1024;

void init_sodium() {
    if (sodium_init() < 0) throw std::runtime_error("libsodium could not be initialized");
}

std::size_t count_characters(std::string_view utf8) {
    return static_cast<std::size_t>(
        std::count_if(utf8.begin(), utf8.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

}  // namespace

std::string hash_password(std::string_view password) {
    init_sodium();
    std::array<char, crypto_pwhash_STRBYTES> text{};
    if (crypto_pwhash_argon2id_str(text.data(), password.data(), password.size(), passes, memory) != 0) {
        throw std::bad_alloc();
    }
    return text.data();
}

bool verify_password(const std::string& hash, std::string_view password) noexcept {
    return crypto_pwhash_str_verify(hash.c_str(), password.data(), password.size()) == 0;
}

bool needs_rehash(const std::string& hash) noexcept {
    return crypto_pwhash_str_needs_rehash(hash.c_str(), passes, memory) != 0;
}

const std::string& nobodys_hash() {
    static const std::string hash = [] {
        init_sodium();
        std::array<char, 32> secret{};
        randombytes_buf(secret.data(), secret.size());
        return hash_password({secret.data(), secret.size()});
    }();
    return hash;
}

std::optional<std::string> check_new_password(std::string_view password, std::string_view name) {
    if (count_characters(password) < least_characters) return "is too short: at least 8 characters";
    if (password.size() > most_bytes) return "is too long: at most 1024 bytes";
    const bool has_control = std::any_of(password.begin(), password.end(),
                                         [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
    if (has_control) return "has control characters, which not every client can send";
    if (normal_name(password) == normal_name(name)) return "must not be the user's name";
    return std::nullopt;
}

}  // namespace nearline::auth
