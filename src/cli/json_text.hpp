#pragma once

#include <boost/json/fwd.hpp>
#include <string>

namespace nearline::cli {

/// A JSON value on one line, numbers as people write them (2.0, not 2E0).
std::string to_text(const boost::json::value& value);

/// As a cell of a table: strings without quotes, null as nothing.
std::string to_cell(const boost::json::value& value);

}  // namespace nearline::cli
