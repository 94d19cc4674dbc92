#pragma once

#include <string>
#include <string_view>

#include "domain/problem.hpp"
#include "schema/json_schema.hpp"

namespace nearline::gateway {

/// The body of POST /predict as it goes to the input topic: its features in the schema's order, numbers in
/// their shortest form with a fraction. A 400 for what is no JSON, with the position; a 422 for what breaks
/// the schema or is not finite as float32 (models compute in it), with every violation's pointer.
Result<std::string> check_observation(std::string_view body, const schema::JsonSchema& schema);

}  // namespace nearline::gateway
