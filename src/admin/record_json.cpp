#include "admin/record_json.hpp"

#include <algorithm>
#include <boost/json/value.hpp>

#include "domain/json.hpp"
#include "schema/framing.hpp"
#include "token/base64url.hpp"

namespace nearline::admin {

namespace {

std::string text_or_bytes(const std::optional<std::string>& value) {
    if (!value) return "null";
    auto quoted = quote_json(*value);
    // The strict parser knows what is UTF-8.
    if (parse_json(quoted).has_value()) return quoted;
    return R"({"base64":")" + token::base64_encode(*value) + "\"}";
}

std::string json_or_text(const std::string& value) {
    if (!parse_json(value).has_value()) return text_or_bytes(value);
    // As it was written, so that numbers keep their form, but on one line: outside of strings these are
    // all white space, inside JSON has none of them.
    std::string line = value;
    std::replace_if(
        line.begin(), line.end(), [](char c) { return c == '\n' || c == '\r' || c == '\t'; }, ' ');
    return line;
}

std::string value_members(const std::optional<std::string>& value) {
    if (!value) return R"("schema_id":null,"value":null)";
    if (const auto frame = schema::unframe(*value)) {
        return R"("schema_id":)" + schema::schema_id_text(frame->schema_id) + R"(,"value":)" +
               json_or_text(std::string(frame->payload));
    }
    return R"("schema_id":null,"value":)" + json_or_text(*value);
}

}  // namespace

std::string record_to_json(const stream::ConsumedRecord& record) {
    std::string headers;
    for (const auto& header : record.headers) {
        if (!headers.empty()) headers += ',';
        headers += R"({"key":)" + text_or_bytes(header.key) + R"(,"value":)" + text_or_bytes(header.value) + "}";
    }
    return R"({"partition":)" + std::to_string(record.at.partition) + R"(,"offset":)" + std::to_string(record.offset) +
           R"(,"timestamp":)" + std::to_string(record.timestamp) + R"(,"key":)" + text_or_bytes(record.key) +
           R"(,"headers":[)" + headers + "]," + value_members(record.value) + "}";
}

}  // namespace nearline::admin
