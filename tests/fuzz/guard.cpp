// Bytes as they come from a connection: the guard's answer does not depend on how they arrive, and what it lets
// through is read by Beast as it said, to the same length (request smuggling begins where two readers differ).

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <string>

#include "fuzz/target.hpp"
#include "http/request_guard.hpp"
#include "http/request_parser.hpp"

using namespace nearline;
using nearline::fuzz::require;

namespace {

bool has_control_character(std::string_view text) {
    return std::any_of(text.begin(), text.end(), [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

/// Where Beast sees the header's end; 0: it takes no such header.
std::size_t read_by_beast(std::string_view header, const http::RequestHead& head) {
    http::Request request;
    http::RequestParser parser(request, 64 << 10, 1 << 20);
    parser.eager(false);
    boost::beast::error_code error;
    const auto length = parser.put(boost::asio::buffer(header.data(), header.size()), error);
    if (error) return 0;
    require(parser.is_header_done(), "a header that the guard calls complete is complete for Beast");
    require(parser.chunked() == head.chunked, "both see chunks, or none");
    require(parser.content_length().has_value() == head.content_length.has_value() &&
                parser.content_length().value_or(0) == head.content_length.value_or(0),
            "both see the same length");
    for (const auto& [name, value] : request.headers.all()) {
        require(!has_control_character(name) && !has_control_character(value), "no field holds another line");
    }
    return length;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using State = http::HeaderScan::State;
    const auto bytes = fuzz::as_text(data, size);
    const auto scan = http::scan_header(bytes);
    for (const auto cut : {size / 3, size / 2, size - size / 5}) {
        const auto part = http::scan_header(bytes.substr(0, cut));
        const auto whole = part.state == State::incomplete ? http::scan_header(bytes, cut) : part;
        require(whole.state == scan.state && whole.length == scan.length, "the same however the bytes arrive");
    }
    if (scan.state == State::broken) http::broken_header(bytes);
    if (scan.state != State::complete) return 0;
    const auto header = bytes.substr(0, scan.length);
    const auto head = http::check_header(header);
    if (!head) {
        const int status = head.error().status;
        require(status == 400 || status == 417 || status == 431, "a refusal is a 400, 417 or 431");
        return 0;
    }
    const auto length = read_by_beast(header, *head);
    require(length == 0 || length == scan.length, "both see the header's end in the same place");

    http::Request request;
    http::RequestParser parser(request, 64 << 10, 4 << 10);
    boost::beast::error_code error;
    parser.put(boost::asio::buffer(bytes.data(), bytes.size()), error);
    require(request.body.size() <= (4 << 10), "a body is no longer than its limit");
    return 0;
}
