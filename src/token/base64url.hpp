#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace nearline::token {

/// base64url without padding (RFC 4648, 5; RFC 7515, 2).
std::string base64url_encode(std::string_view bytes);

/// base64 with padding (RFC 4648, 4).
std::string base64_encode(std::string_view bytes);

/// Strict: no padding, no white space, no bits left over, so that every value has one spelling.
std::optional<std::string> base64url_decode(std::string_view text);

}  // namespace nearline::token
