#pragma once

#include <boost/json/value.hpp>
#include <cstddef>
#include <vector>

#include "domain/problem.hpp"
#include "schema/pattern.hpp"

namespace nearline::schema {

/// More than so many violations of one document are not listed.
inline constexpr std::size_t max_violations = 50;

/// What is wrong with a document that is known to break its schema, in words for whoever wrote it. Knows
/// the keywords that describe one value (type, bounds, lengths, pattern, enum, const), objects (properties,
/// required, additionalProperties, …), arrays, $ref, allOf, anyOf and oneOf; what breaks only other keywords
/// is not found here. `patterns`: compile_patterns() of the schema. At most max_violations, in time bounded by what it
/// has to look at to find them.
std::vector<Violation> explain(const boost::json::value& schema, const Patterns& patterns,
                               const boost::json::value& document);

}  // namespace nearline::schema
