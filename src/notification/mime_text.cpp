#include "notification/mime_text.hpp"

#include <algorithm>

namespace nearline::notification {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";  // U+FFFD
constexpr std::size_t longest_line = 76;
/// A line with an encoded word has no more than 76 characters: so much is left beside a header's name.
constexpr std::size_t longest_encoded_word = 64;

bool is_continuation(char c) noexcept {
    return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

/// Bytes of the character that the text begins with; 0 where it is none (RFC 3629).
std::size_t character_size(std::string_view text) noexcept {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned first = byte(0);
    if (first < 0x80) return 1;
    const std::size_t size = first >= 0xC2 && first <= 0xDF   ? 2
                             : first >= 0xE0 && first <= 0xEF ? 3
                             : first >= 0xF0 && first <= 0xF4 ? 4
                                                              : 0;
    if (size == 0 || text.size() < size) return 0;
    for (std::size_t i = 1; i < size; ++i) {
        if (!is_continuation(text[i])) return 0;
    }
    // Overlong forms, surrogates, and what is above U+10FFFF.
    if ((first == 0xE0 && byte(1) < 0xA0) || (first == 0xED && byte(1) > 0x9F)) return 0;
    if ((first == 0xF0 && byte(1) < 0x90) || (first == 0xF4 && byte(1) > 0x8F)) return 0;
    return size;
}

std::string hex_of(char c) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    const auto byte = static_cast<unsigned char>(c);
    return {'=', digits[byte >> 4U], digits[byte & 15U]};
}

bool is_alphanumeric(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/// For an encoded word: so little is left as it is that it can stand in a phrase, too.
std::string q_encoded(std::string_view character) {
    std::string encoded;
    for (const char c : character) {
        if (c == ' ') {
            encoded += '_';
        } else if (is_alphanumeric(c)) {
            encoded += c;
        } else {
            encoded += hex_of(c);
        }
    }
    return encoded;
}

void append_encoded_line(std::string& encoded, std::string_view line) {
    std::size_t column = 0;
    for (std::size_t i = 0; i < line.size(); ++i) {
        const char c = line[i];
        const bool is_last = i + 1 == line.size();
        const bool is_blank = c == ' ' || c == '\t';
        const bool is_literal = (c > ' ' && c <= '~' && c != '=') || (is_blank && !is_last);
        const std::string piece = is_literal ? std::string(1, c) : hex_of(c);
        // One column is for the "=" of a soft line break.
        if (column + piece.size() > longest_line - 1) {
            encoded += "=\r\n";
            column = 0;
        }
        encoded += piece;
        column += piece.size();
    }
}

}  // namespace

bool is_plain_ascii(std::string_view text) noexcept {
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

std::string valid_utf8(std::string_view text) {
    std::string valid;
    while (!text.empty()) {
        const std::size_t size = character_size(text);
        valid += size == 0 ? replacement : text.substr(0, size);
        text.remove_prefix(std::max<std::size_t>(1, size));
    }
    return valid;
}

std::string shortened_text(std::string_view text, std::size_t most) {
    constexpr std::string_view ellipsis = "\xE2\x80\xA6";
    std::string valid = valid_utf8(text);
    if (valid.size() <= most) return valid;
    std::size_t end = most - std::min(most, ellipsis.size());
    while (end > 0 && is_continuation(valid[end])) --end;
    return valid.substr(0, end) + std::string(ellipsis);
}

std::string one_line(std::string_view text) {
    const std::string valid = valid_utf8(text);
    std::string line;
    for (std::size_t i = 0; i < valid.size(); ++i) {
        const char c = valid[i];
        // U+0080 to U+009F are two bytes.
        const bool is_high = c == '\xC2' && static_cast<unsigned char>(valid[i + 1]) < 0xA0;
        const bool is_control = is_high || (c >= 0 && c < ' ') || c == '\x7F';
        line += is_control ? ' ' : c;
        if (is_high) ++i;
    }
    return line;
}

std::string encoded_words(std::string_view text) {
    const std::string line = one_line(text);
    constexpr std::string_view head = "=?UTF-8?Q?";
    constexpr std::string_view tail = "?=";
    std::string words;
    std::string word(head);
    for (std::string_view rest = line; !rest.empty();) {
        const std::size_t size = character_size(rest);
        const std::string encoded = q_encoded(rest.substr(0, size));
        if (word.size() + encoded.size() + tail.size() > longest_encoded_word) {
            words += word + std::string(tail) + "\r\n ";
            word = head;
        }
        word += encoded;
        rest.remove_prefix(size);
    }
    return words + word + std::string(tail);
}

std::string quoted_string(std::string_view text) {
    std::string quoted = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') quoted += '\\';
        quoted += c;
    }
    return quoted + '"';
}

std::string quoted_printable(std::string_view text) {
    const std::string valid = valid_utf8(text);
    std::string encoded;
    std::string_view rest = valid;
    for (;;) {
        const std::size_t end = rest.find('\n');
        std::string_view line = rest.substr(0, end);
        if (end != std::string_view::npos && line.ends_with('\r')) line.remove_suffix(1);
        append_encoded_line(encoded, line);
        if (end == std::string_view::npos) return encoded;
        encoded += "\r\n";
        rest.remove_prefix(end + 1);
    }
}

}  // namespace nearline::notification
