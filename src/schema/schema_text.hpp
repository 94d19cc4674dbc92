#pragma once

#include <boost/json/value.hpp>
#include <string_view>

#include "schema/pattern.hpp"

/// JSON Schemas as documents: what valijson 1.0 has to be kept from.
namespace nearline::schema {

/// The schema as a document; throws std::invalid_argument where it is no JSON, or neither an object nor a
/// boolean.
boost::json::value parse_schema(std::string_view text);

/// The schema as valijson 1.0 may read it. Without "format": draft-07 leaves it to the reader to check
/// formats or not; valijson checks them, and throws at values that are no strings.
boost::json::value for_valijson(const boost::json::value& schema);

/// Every "pattern" of the schema, and every name under "patternProperties", wherever references lead. Throws
/// std::invalid_argument as Pattern does.
Patterns compile_patterns(const boost::json::value& schema);

}  // namespace nearline::schema
