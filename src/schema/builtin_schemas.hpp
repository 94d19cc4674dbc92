#pragma once

#include <string_view>

/// The schemas of the topics that Nearline brings along (schemas/*.json), compiled into the program.
namespace nearline::schema {

/// What the iris model is asked: the value of input-topic, the body of POST /predict.
std::string_view iris_input() noexcept;

/// How it ended: the value of output-topic, the answer of POST /predict.
std::string_view iris_output() noexcept;

}  // namespace nearline::schema
