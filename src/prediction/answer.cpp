#include "prediction/answer.hpp"

#include <algorithm>
#include <boost/json/value.hpp>
#include <cmath>
#include <limits>

#include "domain/header_names.hpp"
#include "domain/json.hpp"
#include "schema/framing.hpp"

namespace nearline::prediction {
namespace {

namespace json = boost::json;

std::optional<double> to_number(const json::value& value) {
    if (value.is_double()) return value.get_double();
    if (value.is_int64()) return static_cast<double>(value.get_int64());
    if (value.is_uint64()) return static_cast<double>(value.get_uint64());
    return std::nullopt;
}

Rejection unusable(const std::string& feature, const std::string& detail) {
    return {.stage = "validation",
            .class_name = "UnusableFeature",
            .message = "the record conforms to the schema that it names, but /" + feature + " " + detail,
            .status = 422};
}

}  // namespace

std::variant<Features, Rejection> FeatureReader::read(const json::value& document) const {
    const auto* object = document.if_object();
    if (object == nullptr) return unusable("", "must be an object");
    Features features;
    features.reserve(names_.size());
    for (const auto& name : names_) {
        const auto* member = object->if_contains(name);
        if (member == nullptr) return unusable(name, "is missing");
        const auto number = to_number(*member);
        if (!number) return unusable(name, "must be a number");
        if (!is_finite_float32(*number)) {
            return unusable(name, std::string("must be finite as float32, at most ") + largest_float32 + " in size");
        }
        features.push_back({name, *number});
    }
    return features;
}

Features FeatureReader::as_far_as_known(const std::optional<std::string>& value) const {
    Features features;
    features.reserve(names_.size());
    for (const auto& name : names_) features.push_back({name, std::nullopt});
    if (!value) return features;
    const auto frame = schema::unframe(*value);
    const auto document = parse_json(frame ? frame->payload : std::string_view(*value));
    const auto* object = document ? document->if_object() : nullptr;
    if (object == nullptr) return features;
    for (auto& feature : features) {
        const auto* member = object->if_contains(feature.name);
        if (member == nullptr) continue;
        const auto number = to_number(*member);
        if (number && std::isfinite(*number)) feature.value = number;
    }
    return features;
}

std::vector<std::size_t> columns_of(const ModelInfo& model, const std::vector<std::string>& names) {
    std::vector<std::size_t> columns;
    columns.reserve(model.feature_names.size());
    for (const auto& feature : model.feature_names) {
        const auto found = std::find(names.begin(), names.end(), feature);
        if (found == names.end()) throw std::invalid_argument("the model does not fit: " + feature);
        columns.push_back(static_cast<std::size_t>(found - names.begin()));
    }
    return columns;
}

void append_row(std::vector<float>& rows, const Features& features, const std::vector<std::size_t>& columns) {
    for (const auto column : columns) rows.push_back(static_cast<float>(features[column].value.value()));
}

Prediction make_prediction(Features features, const ModelInfo& model, std::string_view label, std::string created_at) {
    return {.features = std::move(features),
            .status = 200,
            .model_id = model.id.to_string(),
            .prediction = std::string(label),
            .model_type = model.model_type,
            .created_at = std::move(created_at),
            .message = "Success"};
}

Prediction make_failure(Features features, const Rejection& reason, std::string created_at) {
    return {.features = std::move(features),
            .status = reason.status,
            .model_id = "",
            .prediction = std::nullopt,
            .model_type = "",
            .created_at = std::move(created_at),
            .message = reason.message};
}

stream::Record make_answer_record(const std::optional<std::string>& key, const RequestContext& context,
                                  std::string value) {
    stream::Record record;
    record.key = key;
    record.value = std::move(value);
    record.headers.reserve(5);
    const auto add = [&record](std::string_view name, std::string text) {
        record.headers.push_back({std::string(name), std::move(text)});
    };
    add(header_names::request_id, context.id.to_string());
    if (context.user) add(header_names::user, context.user->to_string());
    if (context.reply_partition) add(header_names::reply_partition, std::to_string(*context.reply_partition));
    if (!context.body_digest.empty()) add(header_names::body_digest, context.body_digest);
    if (!context.traceparent.empty()) add(header_names::traceparent, context.traceparent);
    return record;
}

}  // namespace nearline::prediction
