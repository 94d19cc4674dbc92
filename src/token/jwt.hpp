#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "domain/claims.hpp"
#include "domain/problem.hpp"

namespace nearline::token {

/// Throws std::invalid_argument when the secret is shorter than 32 bytes (RFC 7518, 3.2).
void require_strong_secret(std::string_view secret);

/// Signs and verifies JSON Web Tokens (RFC 7519), HS256 and nothing else. Header
/// {"typ":"JWT","alg":"HS256"}; claims username, exp, iat, admin, sub in this order. Thread-safe.
class Jwt {
public:
    explicit Jwt(std::string_view secret);
    ~Jwt();

    std::string sign(const Claims& claims) const;

    /// The claims, or a 401 whose detail says what is wrong (malformed, wrong algorithm, wrong signature,
    /// expired, from the future, a claim missing). Requires exp and iat; allows 60 s of clock difference.
    /// `now`: seconds since 1970-01-01 UTC.
    Result<Claims> verify(std::string_view token, std::int64_t now) const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// The token in an Authorization header, or a 401 whose detail shows how to log in and how the header
/// must look.
Result<std::string_view> bearer_token(std::optional<std::string_view> authorization);

}  // namespace nearline::token
