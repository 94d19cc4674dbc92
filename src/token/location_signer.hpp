#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "domain/time.hpp"
#include "domain/uuid.hpp"

namespace nearline::token {

/// What a signed Location says: this request was accepted, then, for this user.
struct Ticket {
    Uuid request_id;
    Uuid user;
    WallTime accepted;
    friend bool operator==(const Ticket&, const Ticket&) = default;
};

/// Makes the opaque id in /predictions/{id} of a 202, so that any gateway with the same secret knows it
/// for genuine without asking anyone: base64url of the ticket and an HMAC-SHA-256 under a key derived
/// (HKDF, RFC 5869) from the shared secret. Thread-safe.
class LocationSigner {
public:
    explicit LocationSigner(std::string_view secret);
    ~LocationSigner();
    std::string sign(const Ticket& ticket) const;
    /// Nothing for what was not signed with this secret. Constant time in the signature.
    std::optional<Ticket> verify(std::string_view text) const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace nearline::token
