#pragma once

#include <boost/json/value.hpp>
#include <string_view>

#include "schema/pattern.hpp"

/// JSON Schemas as documents: what valijson 1.0 has to be kept from, and where references lead.
namespace nearline::schema {

/// The schema as a document; throws std::invalid_argument where it is no JSON, or neither an object nor a
/// boolean.
boost::json::value parse_schema(std::string_view text);

/// Takes "format" out of the schema and all below it. Draft-07 leaves it to the reader to check formats or
/// not; valijson 1.0 checks them, and throws at values that are no strings.
void drop_formats(boost::json::value& schema);

/// Throws std::invalid_argument where a $ref leads to nothing, out of the document, or back to itself
/// without a step into the data: validation would never end.
void check_references(const boost::json::value& schema);

/// Every "pattern" of the schema, and every name under "patternProperties", wherever references lead. Throws
/// std::invalid_argument as Pattern does.
Patterns compile_patterns(const boost::json::value& schema);

/// What "#/definitions/x" refers to; nothing where it leads nowhere or out of the document.
const boost::json::value* resolve_reference(const boost::json::value& root, std::string_view reference);

}  // namespace nearline::schema
