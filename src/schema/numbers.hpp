#pragma once

#include <array>
#include <boost/json/value.hpp>
#include <limits>
#include <string_view>

namespace nearline::schema {

/// A number of any kind, none rounded; 0 for what is no number.
long double exact(const boost::json::value& number) noexcept;
static_assert(std::numeric_limits<long double>::digits >= 64, "must hold whole numbers of 64 bits as well as doubles");

/// The document or schema with each number as valijson 1.0 understands it, which takes 2.0 for no integer and what is
/// above 2^63 for no number: whole numbers that an std::int64_t can hold as such, all others as doubles.
boost::json::value with_plain_numbers(const boost::json::value& value);

/// "multipleOf": whole numbers are divided exactly. With a fraction as divisor a number also is a multiple where it is
/// nothing but rounded (0.3 of 0.1). `divisor` must be above 0; nothing is a multiple of another one.
bool is_multiple(const boost::json::value& number, const boost::json::value& divisor) noexcept;

/// A keyword that bounds numbers, and the words in front of its bound.
struct NumberRule {
    std::string_view keyword;
    bool (*holds)(const boost::json::value& number, const boost::json::value& bound) noexcept;
    std::string_view wanted;
};
extern const std::array<NumberRule, 5> number_rules;

}  // namespace nearline::schema
