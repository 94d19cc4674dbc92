#include "domain/json_advice.hpp"

#include <algorithm>
#include <optional>

namespace nearline {
namespace {

namespace json = boost::json;

bool starts_with_word(std::string_view text, std::string_view word) {
    return text.substr(0, word.size()) == word;
}

constexpr bool is_space(char c) noexcept {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

constexpr bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}

char last_before(std::string_view text, std::size_t position) {
    while (position > 0 && is_space(text[position - 1])) --position;
    return position > 0 ? text[position - 1] : '\0';
}

/// Where the word that the parser stumbled in begins.
std::size_t word_start(std::string_view text, std::size_t position) {
    const auto is_word = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || is_digit(c) || c == '-' || c == '+' ||
               c == '.';
    };
    position = std::min(position, text.size());
    while (position > 0 && is_word(text[position - 1])) --position;
    return position;
}

/// Where in the text a place is.
struct Place {
    char container = '\0';  ///< the innermost that is open: '{', '[', or none
    bool in_string = false;
    bool after_colon = false;  ///< a member's value is begun, or has ended
};

Place place_of(std::string_view before) {
    Place place;
    std::string open;
    for (std::size_t i = 0; i < before.size(); ++i) {
        const char c = before[i];
        if (place.in_string) {
            if (c == '\\') ++i;
            if (c == '"') place.in_string = false;
            continue;
        }
        if (c == '"') place.in_string = true;
        if (c == '{' || c == '[') open += c;
        if ((c == '}' || c == ']') && !open.empty()) open.pop_back();
        if (c == ':') place.after_colon = true;
        if (c == ',' || c == '{') place.after_colon = false;
    }
    if (!open.empty()) place.container = open.back();
    return place;
}

/// Words of other languages.
std::optional<std::string> foreign_word(std::string_view rest) {
    for (const auto word : {"NaN", "nan", "Infinity", "-Infinity", "inf", "-inf", "Inf"}) {
        if (starts_with_word(rest, word)) return "NaN and Infinity are not JSON numbers";
    }
    if (starts_with_word(rest, "None")) return "write null, not None";
    if (starts_with_word(rest, "True") || starts_with_word(rest, "False")) return "write true and false in lower case";
    if (starts_with_word(rest, "//") || starts_with_word(rest, "/*") || starts_with_word(rest, "#")) {
        return "JSON has no comments";
    }
    return std::nullopt;
}

/// A member's name is expected at `rest`, or could be.
std::optional<std::string> about_key(std::string_view rest, char before) {
    if (rest.empty() || rest.front() == '"') return std::nullopt;
    if (rest.front() == ',') return "there is a comma too many";
    if (before == ',' && is_digit(rest.front())) {
        return "a member's name is missing; or is it a number with a decimal comma? Write 5.2, not 5,2";
    }
    return "keys need double quotes, as in {\"sepal_length\": 5.2}; in a shell, put single quotes around the whole "
           "body and double quotes around the keys";
}

std::optional<std::string> about_value(std::string_view rest) {
    if (rest.empty()) return std::nullopt;
    const char first = rest.front();
    const bool is_number = is_digit(first) || ((first == '-' || first == '+' || first == '.') && rest.size() > 1 &&
                                               (is_digit(rest[1]) || rest[1] == '.'));
    if (is_number) {
        return "that is no JSON number: write it like 0.5, 1.0, -2 or 1e3, without a leading + or zeros, and with "
               "digits on both sides of the point";
    }
    if (first == ',' || first == '}' || first == ']') return "a value is missing before it";
    if ((first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z')) {
        return "text needs double quotes around it";
    }
    return std::nullopt;
}

/// Bytes above ASCII at the place or right before it.
bool is_near_other_bytes(std::string_view text, std::size_t position) {
    const auto near = text.substr(position < 3 ? 0 : position - 3, 4);
    return std::any_of(near.begin(), near.end(), [](char c) { return (static_cast<unsigned char>(c) & 0x80) != 0; });
}

std::string about_structure(std::string_view text, std::size_t position, const Place& place) {
    const auto closing = position < text.size() ? text[position] : '\0';
    if ((place.container == '{' && closing == ']') || (place.container == '[' && closing == '}')) {
        return std::string("what a ") + place.container + " opens is closed with " + closing;
    }
    const auto start = word_start(text, position);
    const auto rest = text.substr(start);
    const char before = last_before(text, start);
    if (const auto word = foreign_word(rest)) return *word;
    const bool wants_next = before == '{' || before == '[' || before == ',';
    if (!rest.empty() && rest.front() == '\'') return "strings and keys need double quotes, not single ones";
    if (before == ',' && !rest.empty() && (rest.front() == '}' || rest.front() == ']')) {
        return "there is a comma too many";
    }
    const bool wants_key = place.container == '{' && wants_next;
    const bool wants_value = before == ':' || before == '\0' || (place.container == '[' && wants_next);
    std::optional<std::string> advice;
    if (wants_key) advice = about_key(rest, before);
    if (wants_value) advice = about_value(rest);
    if (advice) return *advice;
    if (is_near_other_bytes(text, position))
        return "there are bytes that are not valid UTF-8, or not inside double quotes";
    if (place.container == '{' && before == '"' && !place.after_colon)
        return "a colon is missing between a key and its value";
    if (place.container != '\0' && !wants_next && !wants_value) {
        return std::string("a comma is missing before it, or ") + (place.container == '{' ? "}" : "]");
    }
    return "that can't stand here";
}

/// "\ud83d" stands alone. Where no escape at all follows it, the parser says no more than "syntax".
bool is_half_of_a_pair(std::string_view before, const json::error_code& error) {
    if (error == json::error::illegal_leading_surrogate || error == json::error::illegal_trailing_surrogate ||
        error == json::error::expected_utf16_escape) {
        return true;
    }
    constexpr std::size_t length = 6;
    if (before.size() < length) return false;
    const auto last = before.substr(before.size() - length);
    constexpr std::string_view leading = "89abAB";
    return last.starts_with("\\u") && (last[2] == 'd' || last[2] == 'D') && leading.find(last[3]) != leading.npos;
}

}  // namespace

std::string json_advice(std::string_view text, std::size_t position, const json::error_code& error, int max_depth) {
    if (error == json::error::too_deep) {
        return "it is nested too deeply: at most " + std::to_string(max_depth) + " levels are taken";
    }
    position = std::min(position, text.size());
    const auto place = place_of(text.substr(0, position));
    if (place.in_string && is_half_of_a_pair(text.substr(0, position), error)) {
        return "a string has half of a surrogate pair, which is no character: write both halves, as in \\ud83d\\ude00, "
               "or the character itself";
    }
    if (error == json::error::expected_hex_digit) return "\\u wants four hexadecimal digits behind it";
    if (error == json::error::incomplete)
        return text.find_first_not_of(" \t\r\n") == std::string_view::npos ? "it is empty"
                                                                           : "it ends before the value is complete";
    if (error == json::error::extra_data) return "there is something after the end of the value";
    if (!place.in_string) return about_structure(text, position, place);
    if (position < text.size() && static_cast<unsigned char>(text[position]) < 0x20) {
        return "a string has a line break, a tab or another control character in it: write \\n, \\t or \\u00XX, or "
               "close its double quote";
    }
    if (is_near_other_bytes(text, position)) return "there are bytes that are not valid UTF-8";
    return "a string has a backslash with something behind it that JSON does not know: write \\\\ for a backslash";
}

}  // namespace nearline
