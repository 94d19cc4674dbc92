#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>

namespace nearline::token {

/// HMAC-SHA-256 (RFC 2104) under one key, which is expanded once. Thread-safe.
class HmacSha256 {
public:
    using Digest = std::array<unsigned char, 32>;

    explicit HmacSha256(std::string_view key);
    ~HmacSha256();
    HmacSha256(HmacSha256&&) noexcept;
    HmacSha256& operator=(HmacSha256&&) noexcept;

    Digest sign(std::string_view message) const;
    /// Takes the same time wherever the signatures differ.
    bool verify(std::string_view message, std::string_view signature) const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

inline std::string_view as_text(const HmacSha256::Digest& digest) noexcept {
    return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

/// A 32-byte key for one purpose from a secret for many: HKDF with SHA-256 (RFC 5869), no salt.
std::string derive_key(std::string_view secret, std::string_view purpose);

}  // namespace nearline::token
