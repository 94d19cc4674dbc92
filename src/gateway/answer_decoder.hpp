#pragma once

#include <boost/json/value.hpp>
#include <variant>

#include "domain/rejection.hpp"
#include "gateway/answer.hpp"
#include "schema/json_schema.hpp"
#include "stream/record.hpp"

namespace nearline::gateway {

/// The request id of a record of the output topic; nothing for an outside producer's without one.
std::optional<Uuid> request_id_of(const stream::Record& record);

/// The answer in a record of the output topic. `document` is its value and has passed the schema that it
/// names; `schema` is this gateway's own: its members, in its order, are what is answered, whatever else and
/// in whatever order the writer wrote. NoPrediction where it is none (schema::read_prediction).
std::variant<AnswerPtr, Rejection> to_answer(const Uuid& id, const stream::Record& record,
                                             const boost::json::value& document, const schema::JsonSchema& schema);

}  // namespace nearline::gateway
