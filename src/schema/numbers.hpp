#pragma once

#include <boost/json/value.hpp>

namespace nearline::schema {

/// A number of any kind, rounded where a double can't hold it. 0 for what is no number.
double as_double(const boost::json::value& number) noexcept;

/// "multipleOf": whole numbers are divided exactly. With a fraction as divisor a number also is a multiple where it is
/// nothing but rounded (0.3 of 0.1). `divisor` must be above 0; nothing is a multiple of another one.
bool is_multiple(const boost::json::value& number, const boost::json::value& divisor) noexcept;

}  // namespace nearline::schema
