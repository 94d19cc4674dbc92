#pragma once

#include <charconv>
#include <optional>
#include <string_view>

namespace nearline {

/// A whole number in decimal digits, with a minus where Number can be below 0, and nothing else; nothing where the text
/// is no such, or the number is too large.
template <class Number>
std::optional<Number> parse_whole_number(std::string_view text) noexcept {
    Number value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

}  // namespace nearline
