#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "domain/problem.hpp"

/// Small pieces of HTTP's grammar (RFC 9110, RFC 3986). Pure functions, thread-safe.
namespace nearline::http {

/// ASCII letters compare without case.
bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept;

/// Whether it is a token (RFC 9110, 5.6.2): a method, a field name.
bool is_token(std::string_view text) noexcept;

/// Without spaces and tabs at both ends.
std::string_view trim(std::string_view text) noexcept;

/// Calls `each` with every element of a comma-separated list, trimmed, empty ones left out.
template <class F>
void for_each_element(std::string_view list, F each) {
    while (!list.empty()) {
        const auto comma = list.find(',');
        const auto element = trim(list.substr(0, comma));
        if (!element.empty()) each(element);
        list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
    }
}

/// Percent-decoded (RFC 3986, 2.1); nothing for "%" without two hex digits after it, or for a NUL.
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space = false);

/// Percent-encoded, so that it can stand in a path segment or a query value.
std::string percent_encode(std::string_view text);

/// The names and values of a query ("a=1&b=x%20y"), percent-decoded, "+" as a space. A 400
/// for a bad percent-encoding, and for names that are given twice, naming them: which one counts would be a guess.
Result<std::map<std::string, std::string>> parse_query(std::string_view query);

/// Whether a Content-Type is this media type ("application/json"): parameters don't count, but a charset
/// must be UTF-8.
bool is_media_type(std::string_view content_type, std::string_view wanted) noexcept;

/// An HTTP date (RFC 9110, 5.6.7) of seconds since 1970-01-01 UTC: "Sun, 06 Nov 1994 08:49:37 GMT".
std::string http_date(long long seconds);

/// The standard reason phrase of a status, "Unknown" for one without.
std::string_view reason_phrase(int status) noexcept;

}  // namespace nearline::http
