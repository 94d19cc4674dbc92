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

/// Shared between the caller that waits and the keep.
using AnswerPtr = std::shared_ptr<const Answer>;

}  // namespace nearline::gateway
