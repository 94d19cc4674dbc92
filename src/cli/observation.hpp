#pragma once

#include <string>
#include <utility>
#include <vector>

namespace nearline::cli {

/// Names and values as a person or a table gives them.
using Fields = std::vector<std::pair<std::string, std::string>>;

/// "name=value"; throws std::runtime_error for what has no "=".
std::pair<std::string, std::string> parse_field(const std::string& text);

/// The body of POST /predict: what reads as a JSON number is one as it stands, all else is a string, and an
/// empty value is left out, so that the service says what is wrong with it.
std::string observation_json(const Fields& fields);

/// Those whose value goes as a string: `petal_width "0,3"`; empty: none.
std::string describe_texts(const Fields& fields);

}  // namespace nearline::cli
