#include "gateway/request_headers.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>

#include "http/text.hpp"

namespace nearline::gateway {
namespace {

bool is_space(char c) noexcept {
    return c == ' ' || c == '\t';
}

std::string_view trim(std::string_view text) noexcept {
    while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
    return text;
}

/// Takes everything up to the separator, or all, out of `rest`; a separator in quotes is none.
std::string_view take_until(std::string_view& rest, char separator) noexcept {
    bool quoted = false;
    std::size_t i = 0;
    for (; i < rest.size(); ++i) {
        if (quoted && rest[i] == '\\') {
            ++i;
        } else if (rest[i] == '"') {
            quoted = !quoted;
        } else if (!quoted && rest[i] == separator) {
            break;
        }
    }
    const std::string_view taken = rest.substr(0, std::min(i, rest.size()));
    rest.remove_prefix(std::min(i + 1, rest.size()));
    return taken;
}

std::string_view unquote(std::string_view text) noexcept {
    if (text.size() >= 2 && text.front() == '"' && text.back() == '"') return text.substr(1, text.size() - 2);
    return text;
}

std::optional<std::chrono::seconds> parse_seconds(std::string_view text) noexcept {
    const bool digits =
        !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (!digits) return {};
    constexpr int a_year = 365 * 24 * 3600;
    int seconds = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (parsed.ec != std::errc() || seconds > a_year) seconds = a_year;
    return std::chrono::seconds(seconds);
}

bool is_lower_hex(std::string_view text) noexcept {
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool all_zero(std::string_view text) noexcept {
    return std::all_of(text.begin(), text.end(), [](char c) { return c == '0'; });
}

}  // namespace

Preferences parse_prefer(const std::vector<std::string_view>& fields) {
    Preferences preferences;
    bool seen_wait = false;
    for (std::string_view field : fields) {
        while (!field.empty()) {
            std::string_view preference = take_until(field, ',');
            std::string_view pair = take_until(preference, ';');  // what is left are parameters: none known here
            const std::string_view name = trim(take_until(pair, '='));
            const std::string_view value = unquote(trim(pair));
            if (http::equal_ignoring_case(name, "respond-async") && value.empty()) {
                preferences.respond_async = true;
            } else if (http::equal_ignoring_case(name, "wait") && !seen_wait) {
                seen_wait = true;
                preferences.wait = parse_seconds(value);
            }
        }
    }
    return preferences;
}

bool is_traceparent(std::string_view text) noexcept {
    constexpr std::size_t size = 55;  // version-traceid-parentid-flags: 2, 32, 16 and 2 digits
    if (text.size() < size) return false;
    if (text[2] != '-' || text[35] != '-' || text[52] != '-') return false;
    const auto version = text.substr(0, 2);
    const auto trace = text.substr(3, 32);
    const auto parent = text.substr(36, 16);
    const auto flags = text.substr(53, 2);
    if (!is_lower_hex(version) || !is_lower_hex(trace) || !is_lower_hex(parent) || !is_lower_hex(flags)) return false;
    if (version == "ff" || all_zero(trace) || all_zero(parent)) return false;
    // Later versions may have more fields, but no record header needs to carry any length of them.
    return text.size() == size || (version != "00" && text[size] == '-' && text.size() <= 256);
}

std::optional<std::string> parse_idempotency_key(std::string_view field) {
    const std::string_view key = unquote(trim(field));
    constexpr std::size_t most = 255;
    if (key.empty() || key.size() > most) return {};
    if (!std::all_of(key.begin(), key.end(), [](char c) { return c > ' ' && c < '\x7f'; })) return {};
    return std::string(key);
}

}  // namespace nearline::gateway
