#pragma once

#include <optional>
#include <string>
#include <vector>

#include "stream/record.hpp"

namespace nearline::admin {

/// A record for people's eyes, as one JSON object on one line: {"partition","offset","timestamp","key",
/// "headers","schema_id","value"}. `headers` are [{"key","value"}] in their order, as a name may come
/// twice. A value with Confluent's frame is shown without it, and its schema id beside it (else null).
/// Of values, JSON is shown as it was written, other text as a string, bytes that are no text as
/// {"base64":"…"}, Kafka's null as null; keys and header values likewise, without the JSON.
std::string record_to_json(const stream::ConsumedRecord& record);

/// Bytes of key, value and headers.
std::size_t size_of(const stream::Record& record);

/// Its parts: text as a string, other bytes as {"base64":"…"}, nothing as null.
std::string text_to_json(const std::optional<std::string>& text);
/// [{"key","value"}]
std::string headers_to_json(const std::vector<stream::Header>& headers);
/// A JSON text as it was written, on one line; nothing where it is none.
std::optional<std::string> json_on_one_line(std::string text);

}  // namespace nearline::admin
