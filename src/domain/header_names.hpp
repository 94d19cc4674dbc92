#pragma once

#include <string_view>

/// The names of record headers that Nearline's services read and write. All are optional on input.
namespace nearline::header_names {

inline constexpr std::string_view request_id = "request-id";            ///< UUID
inline constexpr std::string_view user = "user";                        ///< the user's UUID
inline constexpr std::string_view reply_partition = "reply-partition";  ///< decimal partition of the output topic
inline constexpr std::string_view body_digest = "body-digest";          ///< SHA-256 of the body, lower-case hex
inline constexpr std::string_view traceparent = "traceparent";          ///< W3C Trace Context

}  // namespace nearline::header_names
