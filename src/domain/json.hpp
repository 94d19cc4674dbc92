#pragma once

#include <boost/json/fwd.hpp>
#include <string>
#include <string_view>

#include "domain/problem.hpp"

namespace nearline {

/// Limits of parse_json.
struct JsonLimits {
    int max_depth = 32;
};

/// Parses one JSON text (RFC 8259) and nothing else: no byte order mark, no invalid UTF-8, no NaN or
/// Infinity, no key twice in one object, no more than max_depth levels, nothing but white space after
/// the value. A failure is a 400 whose detail gives the position (line and column in characters, both from 1)
/// and what to write instead (json_advice()). Members keep their order. Numbers too large for a double become
/// infinities: a schema's bounds say no to them, or whoever reads them (read_prediction()). Thread-safe.
Result<boost::json::value> parse_json(std::string_view text, JsonLimits limits = {});

/// Text as a JSON string, with its quotes.
std::string quote_json(std::string_view text);

/// A name as one step of a JSON pointer (RFC 6901), with the "/" before it.
std::string pointer_step(std::string_view name);

}  // namespace nearline
