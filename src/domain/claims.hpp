#pragma once

#include <cstdint>
#include <string>

#include "domain/uuid.hpp"

namespace nearline {

/// What a token says of its bearer (RFC 7519): who, since when, until when. Times are seconds since
/// 1970-01-01 UTC.
struct Claims {
    std::string username;  ///< an e-mail address
    std::int64_t exp = 0;  ///< not valid after
    std::int64_t iat = 0;  ///< made at
    bool admin = false;
    Uuid subject;  ///< "sub": the user's id, which stays when nothing else does
    friend bool operator==(const Claims&, const Claims&) = default;
};

}  // namespace nearline
