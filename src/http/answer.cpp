#include "http/answer.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>

#include "http/text.hpp"

namespace nearline::http {
namespace {

void append_number(std::string& out, std::size_t number) {
    std::array<char, 24> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    out.append(digits.data(), end);
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
    out.append(name).append(": ");
    const auto start = out.size();
    out.append(value);
    std::replace_if(
        out.begin() + static_cast<std::ptrdiff_t>(start), out.end(),
        [](char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f; }, ' ');
    out.append("\r\n");
}

bool is_framing(std::string_view name) noexcept {
    return equal_ignoring_case(name, "Content-Length") || equal_ignoring_case(name, "Transfer-Encoding") ||
           equal_ignoring_case(name, "Connection") || equal_ignoring_case(name, "Date") ||
           equal_ignoring_case(name, "Server");
}

}  // namespace

void append_header(std::string& out, const Response& response, const AnswerContext& context) {
    out.append("HTTP/1.1 ");
    append_number(out, static_cast<std::size_t>(response.status));
    out.append(" ").append(reason_phrase(response.status)).append("\r\nServer: nearline\r\n");
    append_field(out, "Date", context.date);
    bool has_request_id = false;
    for (const auto& [name, value] : response.headers.all()) {
        if (!is_token(name) || is_framing(name)) continue;
        has_request_id = has_request_id || equal_ignoring_case(name, "X-Request-Id");
        append_field(out, name, value);
    }
    if (!has_request_id) append_field(out, "X-Request-Id", context.request_id);
    if (may_have_body(response.status)) {
        out.append("Content-Length: ");
        append_number(out, response.body.size());
        out.append("\r\n");
    }
    if (!context.keep_alive)
        out.append("Connection: close\r\n");
    else if (context.minor_version == 0)
        out.append("Connection: keep-alive\r\n");
    out.append("\r\n");
}

}  // namespace nearline::http
