#pragma once

#include <boost/json/value.hpp>

namespace nearline::schema {

/// Throws std::invalid_argument, with the pointer, where a keyword of draft-07 has a value that its metaschema does not
/// allow ({"multipleOf": 0}, {"allOf": {}}), in every schema of the document, also where only references lead. Unlike
/// the metaschema of draft-07, and like those before it, an "enum" must list something.
void check_keywords(const boost::json::value& root);

}  // namespace nearline::schema
