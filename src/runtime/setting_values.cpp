#include "runtime/setting_values.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <numeric>

namespace nearline::setting_values {

namespace {

struct Unit {
    std::string_view name;
    double factor;
};

// Longest first where one name begins like another.
constexpr std::array duration_units{Unit{"ms", 1}, Unit{"s", 1e3}, Unit{"m", 60e3}, Unit{"h", 3'600e3},
                                    Unit{"d", 86'400e3}};
constexpr std::array size_units{Unit{"KiB", 0x1p10}, Unit{"MiB", 0x1p20}, Unit{"GiB", 0x1p30},
                                Unit{"TiB", 0x1p40}, Unit{"kB", 1e3},     Unit{"KB", 1e3},
                                Unit{"MB", 1e6},     Unit{"GB", 1e9},     Unit{"B", 1}};

/// A number without sign or exponent at the start of `text`, which loses it.
std::optional<double> take_number(std::string_view& text) {
    const auto length = std::min(text.find_first_not_of("0123456789."), text.size());
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + length, number, std::chars_format::fixed);
    if (error != std::errc() || end != text.data() + length) return std::nullopt;
    text.remove_prefix(length);
    return number;
}

template <std::size_t N>
const Unit* take_unit(std::string_view& text, const std::array<Unit, N>& units) {
    const auto length = std::min(text.find_first_of("0123456789."), text.size());
    const auto found =
        std::find_if(units.begin(), units.end(), [&](const Unit& u) { return u.name == text.substr(0, length); });
    if (found == units.end()) return nullptr;
    text.remove_prefix(length);
    return &*found;
}

/// More are written in larger units: 58m21s67ms.
constexpr double most_milliseconds = 10'000;

std::string whole_with_unit(double value, double factor, std::string_view unit) {
    return std::to_string(static_cast<long long>(value / factor)) + std::string(unit);
}

}  // namespace

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
    double sum = 0;
    if (text.empty()) return std::nullopt;
    while (!text.empty()) {
        const auto number = take_number(text);
        if (!number) return std::nullopt;
        if (text.empty() && sum == 0) {
            sum = *number * 1e3;
            break;
        }
        const Unit* unit = take_unit(text, duration_units);
        if (unit == nullptr) return std::nullopt;
        sum += *number * unit->factor;
    }
    if (sum > 9e15) return std::nullopt;
    return std::chrono::milliseconds(std::llround(sum));
}

std::string format_duration(std::chrono::milliseconds duration) {
    const auto count = static_cast<double>(duration.count());
    if (count == 0) return "0s";
    for (auto unit = duration_units.rbegin(); unit != duration_units.rend(); ++unit) {
        const bool is_readable = unit->factor > 1 || std::abs(count) < most_milliseconds;
        if (is_readable && std::fmod(count, unit->factor) == 0) return whole_with_unit(count, unit->factor, unit->name);
    }
    std::string text(count < 0 ? "-" : "");
    auto left = std::abs(count);
    for (auto unit = duration_units.rbegin(); unit != duration_units.rend(); ++unit) {
        if (left >= unit->factor) text += whole_with_unit(left, unit->factor, unit->name);
        left = std::fmod(left, unit->factor);
    }
    return text;
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
    const auto number = take_number(text);
    if (!number) return std::nullopt;
    double factor = 1;
    if (!text.empty()) {
        const Unit* unit = take_unit(text, size_units);
        if (unit == nullptr || !text.empty()) return std::nullopt;
        factor = unit->factor;
    }
    if (*number * factor > 9e18) return std::nullopt;
    return static_cast<std::uint64_t>(std::llround(*number * factor));
}

std::string format_size(std::uint64_t bytes) {
    const auto value = static_cast<double>(bytes);
    for (const std::size_t i : {3U, 2U, 1U, 0U}) {
        if (bytes != 0 && std::fmod(value, size_units[i].factor) == 0) {
            return whole_with_unit(value, size_units[i].factor, size_units[i].name);
        }
    }
    return std::to_string(bytes) + "B";
}

std::optional<double> parse_number(std::string_view text) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
    return value;
}

std::string format_number(double number) {
    std::array<char, 64> text{};
    const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), number);
    return {text.data(), end};
}

std::optional<bool> parse_switch(std::string_view text) {
    for (const std::string_view yes : {"true", "yes", "on", "1"}) {
        if (text == yes) return true;
    }
    for (const std::string_view no : {"false", "no", "off", "0"}) {
        if (text == no) return false;
    }
    return std::nullopt;
}

std::vector<std::string> split_list(std::string_view text) {
    std::vector<std::string> parts;
    while (!text.empty()) {
        const auto comma = std::min(text.find(','), text.size());
        auto part = text.substr(0, comma);
        const auto first = part.find_first_not_of(" \t\r\n");
        if (first != std::string_view::npos) {
            parts.emplace_back(part.substr(first, part.find_last_not_of(" \t\r\n") - first + 1));
        }
        text.remove_prefix(std::min(comma + 1, text.size()));
    }
    return parts;
}

namespace {

// Levenshtein's distance.
std::size_t edits(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t above = row[j];
            row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0U : 1U)});
            diagonal = above;
        }
    }
    return row.back();
}

}  // namespace

std::string closest(std::string_view given, const std::vector<std::string>& known) {
    std::string best;
    std::size_t least = std::max<std::size_t>(2, given.size() / 3) + 1;
    for (const auto& name : known) {
        const std::size_t distance = edits(given, name);
        if (distance < least) {
            least = distance;
            best = name;
        }
    }
    return best;
}

}  // namespace nearline::setting_values
