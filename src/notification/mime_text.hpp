#pragma once

#include <cstddef>
#include <string>
#include <string_view>

/// Text in the alphabets of mail (RFC 2045, 2047, 5322). Pure functions.
namespace nearline::notification {

/// Printable ASCII and spaces alone.
bool is_plain_ascii(std::string_view text) noexcept;

/// The text with bytes that are no UTF-8 replaced by U+FFFD.
std::string valid_utf8(std::string_view text);

/// As valid_utf8(), of no more than `most` bytes: what is longer is cut after a character, and ends with "…".
std::string shortened_text(std::string_view text, std::size_t most);

/// The text without control characters: each becomes a space. As valid_utf8() for the rest.
std::string one_line(std::string_view text);

/// As encoded words of at most 64 characters, folded, that stand for one_line(text): "=?UTF-8?Q?...?=".
std::string encoded_words(std::string_view text);

/// "text" with its quotes. Precondition: is_plain_ascii.
std::string quoted_string(std::string_view text);

/// Quoted-printable with lines of at most 76 characters and CRLF; line ends of the text, LF or CRLF, stay
/// line ends. As valid_utf8() for the rest.
std::string quoted_printable(std::string_view text);

}  // namespace nearline::notification
