#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nearline::gateway {

/// What a request's Prefer fields ask for (RFC 7240), as far as it is known here.
struct Preferences {
    bool respond_async = false;
    std::optional<std::chrono::seconds> wait;
    friend bool operator==(const Preferences&, const Preferences&) = default;
};

/// Reads the Prefer fields of one request. The first of a preference counts; what is unknown or malformed
/// is ignored, as the RFC wants it.
Preferences parse_prefer(const std::vector<std::string_view>& fields);

/// Whether this is a traceparent of the W3C's Trace Context, version 00 or one that begins like it.
bool is_traceparent(std::string_view text) noexcept;

/// The key in an Idempotency-Key field: a string in double quotes, as draft-ietf-httpapi-idempotency-key-header
/// wants it, or the bare text that most clients send. 1 to 255 visible ASCII characters; nothing otherwise.
std::optional<std::string> parse_idempotency_key(std::string_view field);

}  // namespace nearline::gateway
