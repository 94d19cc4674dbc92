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

long double exact(const json::value& number) noexcept {
    if (number.is_int64()) return static_cast<long double>(number.get_int64());
    if (number.is_uint64()) return static_cast<long double>(number.get_uint64());
    return number.is_double() ? number.get_double() : 0;
}

json::value with_plain_numbers(const json::value& value) {
    constexpr double beyond = 9223372036854775808.0;  // 2^63
    if (value.is_uint64()) return static_cast<double>(value.get_uint64());
    if (value.is_double()) {
        const double number = value.get_double();
        if (std::abs(number) < beyond && std::trunc(number) == number) return static_cast<std::int64_t>(number);
        return number;
    }
    if (value.is_array()) {
        json::array copy;
        copy.reserve(value.get_array().size());
        for (const auto& element : value.get_array()) copy.push_back(with_plain_numbers(element));
        return copy;
    }
    if (value.is_object()) {
        json::object copy;
        copy.reserve(value.get_object().size());
        for (const auto& member : value.get_object()) copy.emplace(member.key(), with_plain_numbers(member.value()));
        return copy;
    }
    return value;
}

bool is_multiple(const json::value& number, const json::value& divisor) noexcept {
    const auto by = static_cast<double>(exact(divisor));
    const auto value = static_cast<double>(exact(number));
    if (!(by > 0) || !std::isfinite(by) || !std::isfinite(value)) return false;
    const auto whole = magnitude(number);
    const auto whole_by = magnitude(divisor);
    if (whole && whole_by) return *whole % *whole_by == 0;
    if (std::fmod(value, by) == 0) return true;
    constexpr double whole_from = 9007199254740992.0;  // 2^53: beyond it each quotient looks whole
    const double quotient = std::round(value / by);
    if (std::trunc(by) == by || std::abs(quotient) >= whole_from) return false;
    return std::abs(quotient * by - value) <= std::numeric_limits<double>::epsilon() * std::abs(value);
}

const std::array<NumberRule, 5> number_rules{{
    {"maximum", [](const auto& number, const auto& bound) noexcept { return exact(number) <= exact(bound); },
     "must be at most "},
    {"minimum", [](const auto& number, const auto& bound) noexcept { return exact(number) >= exact(bound); },
     "must be at least "},
    {"exclusiveMaximum", [](const auto& number, const auto& bound) noexcept { return exact(number) < exact(bound); },
     "must be less than "},
    {"exclusiveMinimum", [](const auto& number, const auto& bound) noexcept { return exact(number) > exact(bound); },
     "must be greater than "},
    {"multipleOf", is_multiple, "must be a multiple of "},
}};

}  // namespace nearline::schema
