#include "http/request_parser.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <cstdio>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <string>
#include <vector>

#include "http/request_guard.hpp"

namespace nearline::http {
namespace {

struct Outcome {
    bool done = false;
    bool failed = false;
    std::size_t used = 0;
    std::string body{};
    friend bool operator==(const Outcome&, const Outcome&) = default;
};

/// Feeds the parser as a connection does: the header at once, then what has arrived, in pieces that end at `cuts`.
Outcome parse(const std::string& bytes, std::size_t header, const std::vector<std::size_t>& cuts) {
    Request request;
    RequestParser parser(request, 16 << 10, 1 << 20);
    boost::system::error_code error;
    Outcome outcome;
    outcome.used = parser.put(boost::asio::buffer(bytes.data(), header), error);
    outcome.failed = error && error != boost::beast::http::error::need_more;
    for (std::size_t i = 0; i <= cuts.size() && !parser.is_done() && !outcome.failed; ++i) {
        const auto end = i < cuts.size() ? std::clamp(cuts[i], outcome.used, bytes.size()) : bytes.size();
        while (outcome.used < end && !parser.is_done() && !outcome.failed) {
            const auto used = parser.put(boost::asio::buffer(bytes.data() + outcome.used, end - outcome.used), error);
            outcome.used += used;
            outcome.failed = error && error != boost::beast::http::error::need_more;
            if (used == 0) break;
        }
    }
    outcome.done = parser.is_done();
    outcome.body = request.body;
    return outcome;
}

const std::string chunked_header = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";

std::string hex(std::size_t number) {
    std::array<char, 20> text{};
    std::snprintf(text.data(), text.size(), "%zx", number);
    return text.data();
}

std::vector<std::size_t> any_cuts(std::size_t size) {
    auto cuts = *rc::gen::container<std::vector<std::size_t>>(rc::gen::inRange<std::size_t>(0, size + 1));
    std::sort(cuts.begin(), cuts.end());
    return cuts;
}

RC_GTEST_PROP(RequestParserProperty, ReadsChunksHoweverTheyArrive, (const std::vector<std::string>& chunks)) {
    std::string bytes = chunked_header;
    std::string body;
    for (const auto& chunk : chunks) {
        if (chunk.empty()) continue;
        bytes += hex(chunk.size()) + (body.empty() ? ";a=b" : "") + "\r\n" + chunk + "\r\n";
        body += chunk;
    }
    bytes += "0\r\nTrailer: x\r\n\r\n";
    const auto outcome = parse(bytes + "GET /next", chunked_header.size(), any_cuts(bytes.size()));
    RC_ASSERT(outcome.done);
    RC_ASSERT(outcome.body == body);
    RC_ASSERT(outcome.used == bytes.size());
}

RC_GTEST_PROP(RequestParserProperty, DecidesTheSameHoweverTheBytesArrive, ()) {
    const auto pieces = *rc::gen::container<std::vector<std::string>>(rc::gen::elementOf(std::vector<std::string>{
        "3\r\nabc\r\n", "0\r\n", "\r\n", "0\r\n\r\n", "5", ";a=b", ";a=\"", "\"", "\r", "\n", "A: b\r\n", " ", "x",
        "fffffffffffffffff", "Content-Length: 3\r\n", std::string(1, '\0'), "\xff", "-1", "0x"}));
    std::string bytes = chunked_header;
    for (const auto& piece : pieces) bytes += piece;
    const auto whole = parse(bytes, chunked_header.size(), {});
    const auto parts = parse(bytes, chunked_header.size(), any_cuts(bytes.size()));
    RC_CLASSIFY(whole.done, "whole");
    RC_CLASSIFY(whole.failed, "refused");
    RC_ASSERT(parts.done == whole.done);
    RC_ASSERT(parts.failed == whole.failed);
    if (whole.done) RC_ASSERT(parts == whole);
}

RC_GTEST_PROP(RequestParserProperty, AgreesWithTheGuardOnWhereARequestEnds, ()) {
    const auto lines = *rc::gen::container<std::vector<std::string>>(rc::gen::elementOf(std::vector<std::string>{
        "Content-Length: 5", "content-length:7 ", "Transfer-Encoding: chunked", "TRANSFER-ENCODING:\tChunked",
        "Connection: close", "Content-Length: 00", "Expect: 100-continue", "Connection: keep-alive, upgrade",
        "Upgrade: h2c", "A: \xff\xfe", "B:", "Content-Length: 9999999999999999999", "Connection: ,",
        "Connection: \"x\"", "TE: trailers", "Trailer: a"}));
    std::string bytes =
        *rc::gen::element<std::string>("POST /a?b HTTP/1.1\r\nHost: a\r\n", "GET http://a/ HTTP/1.1\r\nHost: a\r\n",
                                       "OPTIONS * HTTP/1.0\r\n", "M-SEARCH /%20 HTTP/1.1\r\nHost: [::1]:1\r\n");
    for (const auto& line : lines) bytes += line + "\r\n";
    bytes += "\r\n";
    const auto head = check_header(bytes);
    RC_CLASSIFY(head.has_value(), "accepted");
    if (!head) return;
    Request request;
    RequestParser parser(request, 16 << 10, ~std::uint64_t{0});
    boost::system::error_code error;
    const auto used = parser.put(boost::asio::buffer(bytes), error);
    // Beast may refuse more (a Connection that is no list), never read it in another way.
    if (error && error != boost::beast::http::error::need_more) return;
    RC_ASSERT(used == bytes.size());
    RC_ASSERT(parser.is_header_done());
    RC_ASSERT(parser.chunked() == head->chunked);
    RC_ASSERT(parser.content_length().has_value() == head->content_length.has_value());
    if (head->content_length) RC_ASSERT(*parser.content_length() == *head->content_length);
    RC_ASSERT(parser.is_done() == (!head->chunked && head->content_length.value_or(0) == 0));
    RC_ASSERT(request.headers.all().size() == lines.size() + (head->minor_version == 0 ? 0U : 1U));
}

TEST(RequestParser, DropsTheTrailer) {
    Request request;
    RequestParser parser(request, 16 << 10, 100);
    const auto bytes = chunked_header + "1\r\nx\r\n0\r\nAuthorization: Bearer stolen\r\nX: y\r\n\r\n";
    boost::system::error_code error;
    parser.put(boost::asio::buffer(bytes), error);
    EXPECT_TRUE(parser.is_done());
    EXPECT_EQ(request.body, "x");
    EXPECT_EQ(request.headers.find("Authorization"), std::nullopt);
    EXPECT_EQ(request.headers.find("X"), std::nullopt);
}

TEST(RequestParser, DoesNotTrustAnAnnouncedLengthWithMemory) {
    Request request;
    RequestParser parser(request, 16 << 10, 1ULL << 40);
    const std::string bytes = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1099511627776\r\n\r\nx";
    boost::system::error_code error;
    parser.put(boost::asio::buffer(bytes), error);
    EXPECT_FALSE(error);
    EXPECT_EQ(request.body, "x");
    EXPECT_LT(request.body.capacity(), 1U << 20);
}

}  // namespace
}  // namespace nearline::http
