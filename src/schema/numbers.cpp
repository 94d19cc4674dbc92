#include "schema/numbers.hpp"

#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>

namespace nearline::schema {
namespace {

namespace json = boost::json;

/// Without its sign; nothing for what is not kept as a whole number.
std::optional<std::uint64_t> magnitude(const json::value& number) noexcept {
    if (number.is_uint64()) return number.get_uint64();
    if (!number.is_int64()) return std::nullopt;
    const auto bits = static_cast<std::uint64_t>(number.get_int64());
    return number.get_int64() < 0 ? 0 - bits : bits;
}

}  // namespace

double as_double(const json::value& number) noexcept {
    if (number.is_int64()) return static_cast<double>(number.get_int64());
    if (number.is_uint64()) return static_cast<double>(number.get_uint64());
    return number.is_double() ? number.get_double() : 0;
}

bool is_multiple(const json::value& number, const json::value& divisor) noexcept {
    const double by = as_double(divisor);
    const double value = as_double(number);
    if (!(by > 0) || !std::isfinite(by) || !std::isfinite(value)) return false;
    const auto whole = magnitude(number);
    const auto whole_by = magnitude(divisor);
    if (whole && whole_by) return *whole % *whole_by == 0;
    if (std::fmod(value, by) == 0) return true;
    constexpr double exact = 9007199254740992.0;  // 2^53: beyond it each quotient looks whole
    const double quotient = std::round(value / by);
    if (std::trunc(by) == by || std::abs(quotient) >= exact) return false;
    return std::abs(quotient * by - value) <= std::numeric_limits<double>::epsilon() * std::abs(value);
}

}  // namespace nearline::schema
