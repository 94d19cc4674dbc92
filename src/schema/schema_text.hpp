#pragma once

#include <boost/json/value.hpp>
#include <string>
#include <string_view>

#include "schema/pattern.hpp"

/// JSON Schemas as documents: what valijson 1.0 has to be kept from.
namespace nearline::schema {

/// The schema as a document; throws std::invalid_argument where it is no JSON, neither an object nor a boolean, has a
/// number that no double can hold or a string with a NUL character, or does not pass check_references() and
/// check_keywords().
boost::json::value parse_schema(std::string_view text);

/// A string with a NUL character, which valijson would cut off there: nullptr where there is none.
const boost::json::value* find_nul(const boost::json::value& value);

/// The keyword of a NumberRule in what for_valijson() gives: one that valijson leaves to us.
std::string own_keyword(std::string_view keyword);

/// The schema as valijson 1.0 may read it, which is with_plain_numbers(); without "format" (draft-07 leaves it to the
/// reader to check formats or not; valijson checks them, and throws at values that are no strings); and with an
/// own_keyword() for each keyword that bounds numbers: valijson compares with whole numbers as doubles, and for
/// "multipleOf" it cuts off fractions and ends the process at 0.
boost::json::value for_valijson(const boost::json::value& schema);

/// Every "pattern" of the schema, and every name under "patternProperties", wherever references lead. Throws
/// std::invalid_argument as Pattern does.
Patterns compile_patterns(const boost::json::value& schema);

}  // namespace nearline::schema
