#include "http/request_guard.hpp"

#include <algorithm>
#include <charconv>
#include <string>

#include "http/text.hpp"

namespace nearline::http {
namespace {

Problem bad_request(std::string detail) {
    return {400, "Bad Request", std::move(detail)};
}

bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}

/// Visible ASCII, space, tab, and the bytes above ASCII that RFC 9110 calls obs-text.
bool is_value_character(char c) noexcept {
    const auto byte = static_cast<unsigned char>(c);
    return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
}

bool is_target_character(char c) noexcept {
    return c > 0x20 && c < 0x7f && c != '#' && c != '"' && c != '<' && c != '>' && c != '\\';
}

bool is_host_character(char c) noexcept {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view("-._~%!$&'()*+,;=[]:").find(c) != std::string_view::npos;
}

/// Takes the next line, without its CRLF, off the front.
std::string_view next_line(std::string_view& rest) noexcept {
    const auto end = rest.find("\r\n");
    const auto line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 2);
    return line;
}

/// The fields that decide where a request ends, or that must not be there twice.
struct Fields {
    std::optional<std::string_view> host, content_length, transfer_encoding, expect, authorization, content_type,
        idempotency_key;

    std::optional<std::string_view>* single(std::string_view name) noexcept {
        if (equal_ignoring_case(name, "Host")) return &host;
        if (equal_ignoring_case(name, "Content-Length")) return &content_length;
        if (equal_ignoring_case(name, "Transfer-Encoding")) return &transfer_encoding;
        if (equal_ignoring_case(name, "Expect")) return &expect;
        if (equal_ignoring_case(name, "Authorization")) return &authorization;
        if (equal_ignoring_case(name, "Content-Type")) return &content_type;
        if (equal_ignoring_case(name, "Idempotency-Key")) return &idempotency_key;
        return nullptr;
    }
};

std::optional<Problem> read_request_line(std::string_view line, RequestHead& head) {
    const auto first = line.find(' ');
    const auto last = line.rfind(' ');
    if (first == std::string_view::npos || first == last)
        return bad_request("The request line must be METHOD TARGET HTTP/1.1, with one space between each.");
    head.method = line.substr(0, first);
    head.target = line.substr(first + 1, last - first - 1);
    const auto version = line.substr(last + 1);
    if (!is_token(head.method)) return bad_request("The method is no token (RFC 9110, 5.6.2).");
    if (version == "HTTP/2.0")
        return bad_request("This server speaks HTTP/1.1, not HTTP/2 without TLS: let the client use HTTP/1.1.");
    if (version != "HTTP/1.1" && version != "HTTP/1.0")
        return bad_request("The HTTP version must be HTTP/1.1 or HTTP/1.0.");
    head.minor_version = version.back() - '0';
    if (head.target.empty() || !std::all_of(head.target.begin(), head.target.end(), is_target_character))
        return bad_request("The target has a character that must be percent-encoded (RFC 3986).");
    return std::nullopt;
}

std::optional<Problem> read_field(std::string_view line, Fields& fields) {
    if (line.front() == ' ' || line.front() == '\t')
        return bad_request(
            "A header field goes on in the next line; obsolete line folding is not taken (RFC 9112, 5.2).");
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) return bad_request("A header line has no colon.");
    const auto name = line.substr(0, colon);
    if (!is_token(name))
        return bad_request(
            "The name of a header field has a character that none may have, or a space before its colon.");
    const auto value = trim(line.substr(colon + 1));
    if (!std::all_of(value.begin(), value.end(), is_value_character))
        return bad_request("The value of header field " + std::string(name) + " has a control character.");
    if (auto* const single = fields.single(name)) {
        if (*single) return bad_request("Header field " + std::string(name) + " is there twice.");
        *single = value;
    }
    return std::nullopt;
}

std::optional<Problem> read_host(const Fields& fields, const RequestHead& head) {
    if (!fields.host) {
        if (head.minor_version == 0) return std::nullopt;
        return bad_request("HTTP/1.1 needs a Host header field.");
    }
    if (!std::all_of(fields.host->begin(), fields.host->end(), is_host_character))
        return bad_request("The Host header field must be HOST or HOST:PORT.");
    return std::nullopt;
}

std::optional<Problem> read_framing(const Fields& fields, RequestHead& head) {
    if (fields.transfer_encoding) {
        if (head.minor_version == 0) return bad_request("HTTP/1.0 has no Transfer-Encoding.");
        if (fields.content_length)
            return bad_request("Content-Length and Transfer-Encoding together are ambiguous: send one of them.");
        if (!equal_ignoring_case(*fields.transfer_encoding, "chunked"))
            return bad_request("Transfer-Encoding must be exactly \"chunked\".");
        head.chunked = true;
    }
    if (fields.content_length) {
        const auto text = *fields.content_length;
        std::uint64_t length = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
        // from_chars takes no sign and no white space for unsigned numbers; 19 digits fit every parser's integers.
        if (error != std::errc() || end != text.data() + text.size() || text.size() > 19)
            return bad_request("Content-Length must be one decimal number.");
        head.content_length = length;
    }
    return std::nullopt;
}

std::optional<Problem> read_target(const Fields& fields, RequestHead& head) {
    auto rest = head.target;
    if (rest == "*") {
        if (head.method != "OPTIONS") return bad_request("The target * is for OPTIONS only.");
        head.path = rest;
        return std::nullopt;
    }
    if (rest.front() != '/') {
        constexpr std::string_view scheme = "http://";
        if (!equal_ignoring_case(rest.substr(0, scheme.size()), scheme) || head.method == "CONNECT")
            return bad_request("The target must be a path, like /predict; this server is no proxy.");
        rest.remove_prefix(scheme.size());
        const auto authority = rest.substr(0, rest.find_first_of("/?"));
        if (!fields.host || !equal_ignoring_case(authority, *fields.host))
            return bad_request("The target names another host than the Host header field.");
        rest.remove_prefix(authority.size());
    }
    const auto question = rest.find('?');
    head.path = rest.substr(0, question);
    if (head.path.empty()) head.path = "/";
    if (question != std::string_view::npos) head.query = rest.substr(question + 1);
    if (rest.find('%') != std::string_view::npos && !percent_decode(rest))
        return bad_request("The target has a % without two hex digits after it, or %00.");
    return std::nullopt;
}

}  // namespace

HeaderScan scan_header(std::string_view received, std::size_t scanned) noexcept {
    constexpr HeaderScan broken{HeaderScan::State::broken, 0};
    if (!received.empty() && !is_token(received.substr(0, 1))) return broken;
    for (auto at = received.find('\n', scanned); at != std::string_view::npos; at = received.find('\n', at + 1)) {
        if (received[at - 1] != '\r') return broken;
        if (at >= 3 && received[at - 2] == '\n') return {HeaderScan::State::complete, at + 1};
    }
    return {};
}

Result<RequestHead> check_header(std::string_view header) {
    RequestHead head;
    Fields fields;
    auto rest = header;
    if (auto problem = read_request_line(next_line(rest), head)) return *std::move(problem);
    std::size_t count = 0;
    for (;;) {
        if (rest.empty()) return bad_request("The header has no end.");
        const auto line = next_line(rest);
        if (line.empty()) break;
        if (++count > most_header_fields)
            return Problem{431, "Request Header Fields Too Large",
                           "More than " + std::to_string(most_header_fields) + " header fields."};
        if (auto problem = read_field(line, fields)) return *std::move(problem);
    }
    if (!rest.empty()) return bad_request("There is something after the header's empty line.");
    if (auto problem = read_host(fields, head)) return *std::move(problem);
    if (auto problem = read_framing(fields, head)) return *std::move(problem);
    if (auto problem = read_target(fields, head)) return *std::move(problem);
    if (fields.expect && head.minor_version > 0) {
        if (!equal_ignoring_case(*fields.expect, "100-continue"))
            return Problem{417, "Expectation Failed", "The only expectation known here is 100-continue."};
        head.expects_continue = true;
    }
    return head;
}

bool has_bare_lf(std::string_view lines) noexcept {
    for (auto at = lines.find('\n'); at != std::string_view::npos; at = lines.find('\n', at + 1)) {
        if (at == 0 || lines[at - 1] != '\r') return true;
    }
    return false;
}

Problem broken_header(std::string_view received) {
    if (received.substr(0, 1) == "\x16")
        return bad_request("This port speaks plain HTTP, and the client began with TLS: use http://, not https://.");
    if (!received.empty() && !is_token(received.substr(0, 1)))
        return bad_request("This does not start like an HTTP request.");
    return bad_request("A header line ends with a bare line feed; lines end with CR LF (RFC 9112, 2.2).");
}

}  // namespace nearline::http
