#pragma once

#include <boost/json/fwd.hpp>
#include <variant>

#include "domain/prediction.hpp"
#include "domain/rejection.hpp"
#include "schema/json_schema.hpp"

namespace nearline::schema {

/// The members that the schema knows, in its order: a JSON object has none of its own.
boost::json::value in_order(const boost::json::value& document, const JsonSchema& schema);

/// The prediction that a document of the output topic is, for those who keep it or send it on. Beyond what the
/// schema says, its created_at is a date, its status is 200 or at least 400, and there is a prediction with status 200
/// and with no other; else the rejection NoPrediction. `schema`: the output topic's, which tells features from what
/// else there is.
std::variant<Prediction, Rejection> read_prediction(const boost::json::value& document, const JsonSchema& schema);

}  // namespace nearline::schema
