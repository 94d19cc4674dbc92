#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "domain/problem.hpp"

namespace nearline::auth {

struct Credentials {
    std::string name;
    std::string password;
    friend bool operator==(const Credentials&, const Credentials&) = default;
};

/// WWW-Authenticate of a 401 that asks for name and password.
inline constexpr std::string_view basic_challenge = R"(Basic realm="nearline", charset="UTF-8")";

/// Name and password of an Authorization header (RFC 7617): the name ends at the first colon, the
/// password may have more. Anything else is a 401 that shows how to log in.
Result<Credentials> parse_basic_credentials(std::optional<std::string_view> authorization);

/// The 401 for a wrong name or password; it does not say which.
Problem wrong_credentials();

}  // namespace nearline::auth
