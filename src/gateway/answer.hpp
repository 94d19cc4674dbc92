#pragma once

#include <memory>
#include <optional>
#include <string>

#include "domain/uuid.hpp"

namespace nearline::gateway {

/// One record of the output topic, as the gateway answers it.
struct Answer {
    Uuid id;                   ///< the request id
    std::optional<Uuid> user;  ///< whose it is; nothing: an outside producer's
    std::string body_digest;   ///< SHA-256 hex of the request's body; empty: unknown
    int status = 200;          ///< 200, or a failure's 4xx or 5xx
    std::string message;       ///< why it failed
    std::string json;          ///< the ten fields, as POST /predict answers them
};

/// Whether it answers a request with another body; no, where one of the digests is not known.
inline bool is_of_other_body(const Answer& answer, const std::string& body_digest) noexcept {
    return !answer.body_digest.empty() && !body_digest.empty() && answer.body_digest != body_digest;
}

/// Shared between the caller that waits and the keep.
using AnswerPtr = std::shared_ptr<const Answer>;

}  // namespace nearline::gateway
