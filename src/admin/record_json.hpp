#pragma once

#include <string>

#include "stream/record.hpp"

namespace nearline::admin {

/// A record for people's eyes, as one JSON object on one line: {"partition","offset","timestamp","key",
/// "headers","schema_id","value"}. `headers` are [{"key","value"}] in their order, as a name may come
/// twice. A value with Confluent's frame is shown without it, and its schema id beside it (else null).
/// Of values, JSON is shown as it was written, other text as a string, bytes that are no text as
/// {"base64":"…"}, Kafka's null as null; keys and header values likewise, without the JSON.
std::string record_to_json(const stream::ConsumedRecord& record);

}  // namespace nearline::admin
