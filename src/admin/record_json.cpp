#include "admin/record_json.hpp"

#include <algorithm>
#include <boost/json/value.hpp>

#include "domain/json.hpp"
#include "schema/framing.hpp"
#include "token/base64url.hpp"

namespace nearline::admin {

namespace {

std::string json_or_text(const std::string& value) {
    const auto line = json_on_one_line(value);
    return line ? *line : text_to_json(value);
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

std::size_t size_of(const stream::Record& record) {
    std::size_t size = (record.value ? record.value->size() : 0) + (record.key ? record.key->size() : 0);
    for (const auto& header : record.headers) size += header.key.size() + (header.value ? header.value->size() : 0);
    return size;
}

std::string text_to_json(const std::optional<std::string>& text) {
    if (!text) return "null";
    auto quoted = quote_json(*text);
    // The strict parser knows what is UTF-8.
    if (parse_json(quoted).has_value()) return quoted;
    return R"({"base64":")" + token::base64_encode(*text) + "\"}";
}

std::optional<std::string> json_on_one_line(std::string text) {
    if (!parse_json(text).has_value()) return std::nullopt;
    // As it was written, so that numbers keep their form, but on one line: outside of strings these are
    // all white space, inside JSON has none of them.
    std::replace_if(
        text.begin(), text.end(), [](char c) { return c == '\n' || c == '\r' || c == '\t'; }, ' ');
    return text;
}

std::string headers_to_json(const std::vector<stream::Header>& headers) {
    std::string list;
    for (const auto& header : headers) {
        if (!list.empty()) list += ',';
        list += R"({"key":)" + text_to_json(header.key) + R"(,"value":)" + text_to_json(header.value) + "}";
    }
    return "[" + list + "]";
}

std::string record_to_json(const stream::ConsumedRecord& record) {
    return R"({"partition":)" + std::to_string(record.at.partition) + R"(,"offset":)" + std::to_string(record.offset) +
           R"(,"timestamp":)" + std::to_string(record.timestamp) + R"(,"key":)" + text_to_json(record.key) +
           R"(,"headers":)" + headers_to_json(record.headers) + "," + value_members(record.value) + "}";
}

}  // namespace nearline::admin
