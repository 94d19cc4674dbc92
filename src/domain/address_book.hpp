#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "domain/uuid.hpp"

namespace nearline {

/// Where a user's mail goes. Implementations are thread-safe and block; they throw Unavailable when what
/// they look it up in can't answer.
class AddressBook {
public:
    virtual ~AddressBook() = default;

    struct Recipient {
        std::string address;     ///< as it is kept: whether it is an address is for the reader to check
        bool wants_mail = true;  ///< the user has not switched it off
        /// When the user switched it on again, ms since 1970-01-01 UTC: nothing from before is wanted; 0: it never was
        /// off.
        std::int64_t mail_since = 0;
    };
    /// Nothing for a user who is not known, or was removed.
    virtual std::optional<Recipient> find(const Uuid& user) = 0;

    /// What /readyz calls it.
    virtual std::string dependency() const = 0;
};

}  // namespace nearline
