#include "schema/prediction_record.hpp"

#include <boost/json/value.hpp>
#include <cmath>
#include <string>

#include "domain/time.hpp"

namespace nearline::schema {
namespace {

Rejection no_prediction(std::string detail) {
    return {.stage = "validation", .class_name = "NoPrediction", .message = std::move(detail), .status = 422};
}

}  // namespace

boost::json::value in_order(const boost::json::value& document, const JsonSchema& schema) {
    const auto* object = document.if_object();
    if (!object) return document;
    boost::json::object ordered;
    ordered.reserve(object->size());
    for (const std::string& name : schema.properties()) {
        if (const auto* value = object->if_contains(name)) ordered.emplace(name, *value);
    }
    return ordered;
}

std::variant<Prediction, Rejection> read_prediction(const boost::json::value& document, const JsonSchema& schema) {
    auto prediction = prediction_from_json(in_order(document, schema));
    if (!prediction) return no_prediction(prediction.error().detail);
    for (const auto& [name, value] : prediction->features) {
        if (value && !std::isfinite(*value)) return no_prediction(name + " is larger than a double can hold");
    }
    if (!parse_created_at(prediction->created_at))
        return no_prediction("created_at is no date: " + prediction->created_at);
    if (prediction->status != 200 && prediction->status < 400) {
        return no_prediction("status is " + std::to_string(prediction->status) +
                             ", which is neither that of a prediction, 200, nor that of a failure, 400 or more");
    }
    if (prediction->status == 200 && !prediction->prediction)
        return no_prediction("status is 200, and prediction is null, which says that there is none");
    if (prediction->status != 200 && prediction->prediction) {
        return no_prediction("status is " + std::to_string(prediction->status) +
                             ", which says that there is no prediction, and there is one");
    }
    return *std::move(prediction);
}

}  // namespace nearline::schema
