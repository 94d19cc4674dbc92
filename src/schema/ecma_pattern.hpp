#pragma once

#include <string>
#include <string_view>

namespace nearline::schema {

/// A regular expression of JSON Schema (ECMA-262, as with its flag "u", and with what browsers forgive: a brace or
/// bracket that stands for itself) in RE2's syntax, meaning the same. Throws std::invalid_argument, in words for the
/// schema's author, for what has no equal there: looking around, back references, more than 1000 repetitions. What
/// this doesn't look at, such as names of properties of Unicode, is left for RE2 to refuse.
std::string ecma_to_re2(std::string_view expression);

}  // namespace nearline::schema
