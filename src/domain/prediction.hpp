#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/problem.hpp"
#include "domain/uuid.hpp"

namespace nearline {

/// One named input of a model. `value` is nothing where a failed request did not have it.
struct Feature {
    std::string name{};
    std::optional<double> value{};
    friend bool operator==(const Feature&, const Feature&) = default;
};

/// What a model is asked: its features in the order of the input topic's schema.
using Features = std::vector<Feature>;

/// What is known of a request beside its features; travels in record headers (header_names.hpp).
struct RequestContext {
    Uuid id{};                             ///< the request id
    std::optional<Uuid> user{};            ///< who asked; nothing for records of outside producers
    std::optional<int> reply_partition{};  ///< the output partition somebody waits on
    std::string body_digest{};             ///< SHA-256 hex of the request's body; empty: unknown
    std::string traceparent{};             ///< W3C trace context, passed on unread; empty: none
};

/// The record on the output topic, and the answer of POST /predict: a prediction (status 200) or a
/// failure (status 4xx or 5xx, no prediction, the reason as message).
struct Prediction {
    Features features{};
    int status = 200;
    std::string model_id{};                   ///< a UUID; empty where a failure came before the model: null in JSON
    std::optional<std::string> prediction{};  ///< the class; nothing for a failure
    std::string model_type{};                 ///< e.g. LogisticRegressionModel; empty as for model_id
    std::string created_at{};                 ///< UTC, "2022-12-29 00:07:11.830677"
    std::string message{};                    ///< "Success", or why it failed
    friend bool operator==(const Prediction&, const Prediction&) = default;
};

/// When a record of the output topic was made, ms since 1970-01-01 UTC: one that has no time of its own (-1 on Kafka)
/// is as old as its prediction.
std::int64_t time_of(std::int64_t record_timestamp, const Prediction& prediction);

/// A number as JSON in its shortest form that reads back the same, always with a fraction: 2.0, 0.1,
/// 1.0e+300. Only for finite numbers.
std::string number_to_json(double value);

/// Whether a model can compute with the number: rounded to float32 it is finite.
bool is_finite_float32(double value) noexcept;
/// The largest float32, as one writes it.
inline constexpr const char* largest_float32 = "3.4028235e38";

/// The JSON object of a request for a model: the features in their order.
std::string to_json(const Features& features);

/// The JSON object of a prediction: features, status, model_id, prediction, model_type, created_at,
/// message, in this order.
std::string to_json(const Prediction& prediction);

/// Reads back what to_json(Prediction) wrote. Members it does not know are left alone, the features
/// are the members before "status"... in the order of the object. Precondition: the value passed the
/// output topic's schema; a value that did not gives a Problem, never undefined behaviour.
Result<Prediction> prediction_from_json(const boost::json::value& value);

}  // namespace nearline
