#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "domain/uuid.hpp"

namespace nearline {

/// A user as the database has them, without the password.
struct User {
    Uuid id;
    std::string name;  ///< an e-mail address, lower case, never given out twice
    bool admin = false;
    std::int64_t created_at = 0;  ///< seconds since 1970-01-01 UTC
    std::int64_t changed_at = 0;  ///< last change of password or rights: tokens from before are void
    bool notifications = true;    ///< wants a mail for each prediction
    /// When mail was last switched on again, ms since 1970-01-01 UTC; 0: it was never off.
    std::int64_t mail_since = 0;
    friend bool operator==(const User&, const User&) = default;
};

/// Whether the text can be a user's name: one e-mail address (RFC 5321 addr-spec without quoted local
/// parts, comments or address literals), at most 254 bytes, no control characters, no space, comma,
/// quote or angle bracket, so that it can stand in an SMTP command and a mail header as it is.
bool is_email_address(std::string_view text) noexcept;

/// The form under which names are kept and compared: ASCII letters in lower case.
std::string normal_name(std::string_view name);

}  // namespace nearline
