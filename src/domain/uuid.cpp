#include "domain/uuid.hpp"

#include <algorithm>
#include <cerrno>
#include <openssl/sha.h>
#include <sys/random.h>
#include <system_error>

namespace nearline {
namespace {

constexpr std::string_view digits = "0123456789abcdef";

int hex_value(char c) noexcept {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

constexpr bool is_dash_position(std::size_t i) noexcept {
    return i == 8 || i == 13 || i == 18 || i == 23;
}

Uuid with_version(std::array<std::uint8_t, 16> bytes, std::uint8_t version) noexcept {
    bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0f) | (version << 4));
    bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3f) | 0x80);
    return Uuid(bytes);
}

const unsigned char* as_bytes(std::string_view text) noexcept {
    return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

Uuid Uuid::random() {
    std::array<std::uint8_t, 16> bytes;
    // Up to 256 bytes come whole once the kernel's generator is seeded (getrandom(2)).
    while (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
        if (errno != EINTR) throw std::system_error(errno, std::generic_category(), "getrandom");
    }
    return with_version(bytes, 4);
}

Uuid Uuid::name_based(const Uuid& name_space, std::string_view name) {
    std::string input(name_space.bytes().begin(), name_space.bytes().end());
    input += name;
    std::array<unsigned char, SHA_DIGEST_LENGTH> hash;
    SHA1(as_bytes(input), input.size(), hash.data());
    std::array<std::uint8_t, 16> bytes;
    std::copy_n(hash.begin(), bytes.size(), bytes.begin());
    return with_version(bytes, 5);
}

Uuid Uuid::hash_based(std::initializer_list<std::string_view> parts) {
    std::string input;
    for (const auto part : parts) {
        for (int shift = 56; shift >= 0; shift -= 8)
            input += static_cast<char>((std::uint64_t{part.size()} >> shift) & 0xff);
        input += part;
    }
    std::array<unsigned char, SHA256_DIGEST_LENGTH> hash;
    SHA256(as_bytes(input), input.size(), hash.data());
    std::array<std::uint8_t, 16> bytes;
    std::copy_n(hash.begin(), bytes.size(), bytes.begin());
    return with_version(bytes, 8);
}

std::optional<Uuid> Uuid::parse(std::string_view text) noexcept {
    if (text.size() != 36) return std::nullopt;
    std::array<std::uint8_t, 16> bytes{};
    std::size_t nibble = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (is_dash_position(i)) {
            if (text[i] != '-') return std::nullopt;
            continue;
        }
        const int value = hex_value(text[i]);
        if (value < 0) return std::nullopt;
        auto& byte = bytes[nibble / 2];
        byte = static_cast<std::uint8_t>((byte << 4) | value);
        ++nibble;
    }
    return Uuid(bytes);
}

std::string Uuid::to_string() const {
    std::string text;
    text.reserve(36);
    for (const auto byte : bytes_) {
        if (is_dash_position(text.size())) text += '-';
        text += digits[byte >> 4];
        text += digits[byte & 0x0f];
    }
    return text;
}

std::string sha256_hex(std::string_view bytes) {
    std::array<unsigned char, SHA256_DIGEST_LENGTH> hash;
    SHA256(as_bytes(bytes), bytes.size(), hash.data());
    std::string text;
    text.reserve(hash.size() * 2);
    for (const auto byte : hash) {
        text += digits[byte >> 4];
        text += digits[byte & 0x0f];
    }
    return text;
}

}  // namespace nearline
