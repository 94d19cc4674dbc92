#pragma once

#include <string>

#include "prediction/model.hpp"
#include "schema/json_schema.hpp"

namespace nearline::prediction {

/// Why a model can't answer for topics with these schemas, for people; empty: it can. It can when its
/// features are the input schema's properties, all of them numbers and required, and when an answer with
/// each of its classes, and a failure, conform to the output schema.
std::string misfit(const ModelInfo& model, const schema::JsonSchema& input, const schema::JsonSchema& output);

}  // namespace nearline::prediction
