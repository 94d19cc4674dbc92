#include "domain/prediction.hpp"

#include <array>
#include <boost/json/value.hpp>
#include <charconv>
#include <cmath>
#include <limits>

#include "domain/json.hpp"
#include "domain/time.hpp"

namespace nearline {
namespace {

namespace json = boost::json;

void append_features(std::string& text, const Features& features) {
    for (const auto& feature : features) {
        text += quote_json(feature.name);
        text += ':';
        // JSON has no other numbers; whoever wrote it into a database himself must not spoil the page that it is on.
        text += feature.value && std::isfinite(*feature.value) ? number_to_json(*feature.value) : "null";
        text += ',';
    }
}

std::string text_or_null(const std::string& text) {
    return text.empty() ? "null" : quote_json(text);
}

Problem not_a_prediction(std::string pointer, std::string detail) {
    return Problem{.status = 422,
                   .title = "Not a prediction",
                   .detail = "the document is not a prediction as the output topic's schema describes it",
                   .errors = {{std::move(pointer), std::move(detail)}}};
}

std::optional<std::string> text_member(const json::object& object, std::string_view name) {
    const auto* member = object.if_contains(name);
    if (member == nullptr || !member->is_string()) return std::nullopt;
    return std::string(member->get_string());
}

std::optional<double> number(const json::value& value) {
    if (value.is_double()) return value.get_double();
    if (value.is_int64()) return static_cast<double>(value.get_int64());
    if (value.is_uint64()) return static_cast<double>(value.get_uint64());
    return std::nullopt;
}

}  // namespace

bool is_finite_float32(double value) noexcept {
    static_assert(std::numeric_limits<float>::is_iec559, "what is too large becomes an infinity");
    return std::isfinite(static_cast<float>(value));
}

std::int64_t time_of(std::int64_t record_timestamp, const Prediction& prediction) {
    if (record_timestamp > 0) return record_timestamp;
    const auto created = parse_created_at(prediction.created_at);
    if (!created) return record_timestamp;
    return std::chrono::floor<std::chrono::milliseconds>(created->time_since_epoch()).count();
}

std::string number_to_json(double value) {
    std::array<char, 40> buffer;
    // Like Python's repr: plain notation for everyday magnitudes, an exponent for the others.
    const double magnitude = std::fabs(value);
    const bool plain = magnitude == 0 || (magnitude >= 1e-4 && magnitude < 1e16);
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                   plain ? std::chars_format::fixed : std::chars_format::scientific);
    std::string text(buffer.data(), end.ptr);
    if (text.find('.') == std::string::npos) {
        const auto exponent = text.find('e');
        text.insert(exponent == std::string::npos ? text.size() : exponent, ".0");
    }
    return text;
}

std::string to_json(const Features& features) {
    std::string text;
    text.reserve(128);
    text += '{';
    append_features(text, features);
    if (text.size() > 1) text.pop_back();
    text += '}';
    return text;
}

std::string to_json(const Prediction& prediction) {
    std::string text;
    text.reserve(384);
    text += '{';
    append_features(text, prediction.features);
    text += "\"status\":" + std::to_string(prediction.status);
    text += ",\"model_id\":" + text_or_null(prediction.model_id);
    text += ",\"prediction\":" + (prediction.prediction ? quote_json(*prediction.prediction) : std::string("null"));
    text += ",\"model_type\":" + text_or_null(prediction.model_type);
    text += ",\"created_at\":" + quote_json(prediction.created_at);
    text += ",\"message\":" + quote_json(prediction.message);
    text += '}';
    return text;
}

Result<Prediction> prediction_from_json(const json::value& value) {
    const auto* object = value.if_object();
    if (object == nullptr) return not_a_prediction("", "must be an object");

    Prediction result;
    for (const auto& [name, member] : *object) {
        if (name == "status") break;
        if (!member.is_null() && !number(member))
            return not_a_prediction("/" + std::string(name), "must be a number or null");
        result.features.push_back({std::string(name), number(member)});
    }
    const auto* status = object->if_contains("status");
    if (status == nullptr || !status->is_int64()) return not_a_prediction("/status", "must be an integer");
    result.status = static_cast<int>(status->get_int64());

    const auto created_at = text_member(*object, "created_at");
    if (!created_at) return not_a_prediction("/created_at", "must be a string");
    const auto message = text_member(*object, "message");
    if (!message) return not_a_prediction("/message", "must be a string");

    result.created_at = *created_at;
    result.message = *message;
    result.prediction = text_member(*object, "prediction");
    result.model_id = text_member(*object, "model_id").value_or("");
    result.model_type = text_member(*object, "model_type").value_or("");
    return result;
}

}  // namespace nearline
