#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// How the values of settings are written. Pure functions.
namespace nearline::setting_values {

/// "500ms", "5s", "1h30m", "0.5s", "7d"; without a unit: seconds. Nothing for any other text.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);
/// In the largest unit that leaves no fraction: "90s", "2m", "7d".
std::string format_duration(std::chrono::milliseconds duration);

/// "65536", "64KiB", "16MiB", "1GiB", "1kB", "5MB". Nothing for any other text.
std::optional<std::uint64_t> parse_size(std::string_view text);
std::string format_size(std::uint64_t bytes);

/// Finite only.
std::optional<double> parse_number(std::string_view text);
std::string format_number(double number);
std::optional<bool> parse_switch(std::string_view text);

/// The parts between commas without the white space around them; empty parts are left out.
std::vector<std::string> split_list(std::string_view text);

/// The one of `known` that `given` was probably meant to be, or "".
std::string closest(std::string_view given, const std::vector<std::string>& known);

}  // namespace nearline::setting_values
