#include "admin/letter_json.hpp"

#include <chrono>

#include "admin/record_json.hpp"
#include "domain/json.hpp"
#include "domain/time.hpp"
#include "schema/framing.hpp"

namespace nearline::admin {
namespace {

std::string iso_time(std::int64_t ms) {
    auto text = to_created_at(WallTime(std::chrono::milliseconds(ms))).substr(0, 23);
    text[10] = 'T';
    return text + "Z";
}

std::string members(const Letter& letter) {
    const auto& [record, facts, state] = letter;
    std::string origin = "null";
    if (facts.origin) {
        origin = R"({"topic":)" + text_to_json(facts.origin->topic) + R"(,"partition":)" +
                 std::to_string(facts.origin->partition) + R"(,"offset":)" + std::to_string(facts.origin_offset) + "}";
    }
    return R"("topic":)" + quote_json(record.at.topic) + R"(,"partition":)" + std::to_string(record.at.partition) +
           R"(,"offset":)" + std::to_string(record.offset) + R"(,"timestamp":)" + std::to_string(record.timestamp) +
           R"(,"time":")" + iso_time(record.timestamp) + R"(","state":")" + to_string(state) + R"(","stage":)" +
           text_to_json(facts.stage) + R"(,"class":)" + text_to_json(facts.class_name) + R"(,"reason":)" +
           text_to_json(facts.message) + R"(,"origin":)" + origin + R"(,"key":)" + text_to_json(record.key) +
           R"(,"size":)" + std::to_string(size_of(record));
}

std::string hex(std::string_view bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    text.reserve(bytes.size() * 2);
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        text += digits[byte >> 4];
        text += digits[byte & 0xf];
    }
    return text;
}

std::string value_members(const std::optional<std::string>& value) {
    if (!value) return R"("value":null)";
    std::string members;
    if (const auto frame = schema::unframe(*value)) {
        members = R"("schema_id":)" + std::to_string(frame->schema_id) + ",";
        if (const auto json = json_on_one_line(std::string(frame->payload))) return members + R"("value":)" + *json;
    }
    members += R"("value_hex":")" + hex(*value) + "\"";
    const auto text = text_to_json(*value);
    if (text.starts_with('"')) members += R"(,"value_text":)" + text;
    return members;
}

}  // namespace

std::string letter_to_json(const Letter& letter) {
    return "{" + members(letter) + "}";
}

std::string whole_letter_to_json(const Letter& letter) {
    std::string stub;
    if (!letter.facts.value_size.empty()) {
        stub = R"(,"value_size":)" + text_to_json(letter.facts.value_size) + R"(,"value_sha256":)" +
               text_to_json(letter.facts.value_sha256);
    }
    return "{" + members(letter) + R"(,"headers":)" + headers_to_json(letter.record.headers) + "," +
           value_members(letter.record.value) + stub + "}";
}

}  // namespace nearline::admin
