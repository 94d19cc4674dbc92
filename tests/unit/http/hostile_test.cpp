#include <ostream>

#include "unit/http/server_fixture.hpp"

namespace nearline::test {
namespace {

struct Smuggle {
    const char* what;
    std::string bytes;
};
void PrintTo(const Smuggle& smuggle, std::ostream* out) {
    *out << smuggle.what;
}

class ServerRefuses : public ServerTest, public ::testing::WithParamInterface<Smuggle> {};

/// Each is followed by a request that would be answered if the server read the end of the first one wrong,
/// or went on after it.
TEST_P(ServerRefuses, WhatCouldBeTwoRequestsAndCloses) {
    start();
    RawClient client(port());
    client.send(GetParam().bytes + "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    const auto answer = client.read_answer();
    EXPECT_EQ(answer.status, 400);
    EXPECT_EQ(answer.field("Connection"), "close");
    EXPECT_EQ(answer.field("Content-Type"), "application/problem+json");
    EXPECT_EQ(answer.field("X-Request-Id").size(), 36U);
    client.shutdown_send();
    EXPECT_EQ(client.read_to_end(), "");
    EXPECT_TRUE(client.closed());
}

std::string post(const std::string& fields, const std::string& body = "") {
    return "POST /echo HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n\r\n" + body;
}

INSTANTIATE_TEST_SUITE_P(
    Headers, ServerRefuses,
    ::testing::Values(
        Smuggle{"length and chunks", post("Content-Length: 5\r\nTransfer-Encoding: chunked", "0\r\n\r\n")},
        Smuggle{"xchunked", post("Transfer-Encoding: xchunked", "0\r\n\r\n")},
        Smuggle{"chunked, identity", post("Transfer-Encoding: chunked, identity", "0\r\n\r\n")},
        Smuggle{"chunks in HTTP/1.0", "POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
        Smuggle{"two lengths", post("Content-Length: 5\r\nContent-Length: 5", "hello")},
        Smuggle{"a list of lengths", post("Content-Length: 5, 5", "hello")},
        Smuggle{"+5", post("Content-Length: +5", "hello")},
        Smuggle{"a folded line", post("A: b\r\n Content-Length: 5", "hello")},
        Smuggle{"a space before the colon", post("Content-Length : 5", "hello")},
        Smuggle{"bare line feeds", "GET /hello HTTP/1.1\nHost: a\n\n"},
        Smuggle{"one bare line feed", "GET /hello HTTP/1.1\r\nHost: a\nX: y\r\n\r\n"},
        Smuggle{"a bare CR", post("A: b\rContent-Length: 5")}, Smuggle{"no Host", "GET /hello HTTP/1.1\r\n\r\n"},
        Smuggle{"two Hosts", post("Host: b")}, Smuggle{"HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"},
        Smuggle{"TLS", std::string("\x16\x03\x01\x02\x00\x01", 6)}, Smuggle{"a NUL", post(std::string("A: \0", 4))}));

INSTANTIATE_TEST_SUITE_P(
    Chunks, ServerRefuses,
    ::testing::Values(
        Smuggle{"no size", post("Transfer-Encoding: chunked", "\r\nabc\r\n0\r\n\r\n")},
        Smuggle{"a size with a sign", post("Transfer-Encoding: chunked", "+3\r\nabc\r\n0\r\n\r\n")},
        Smuggle{"a size with 0x", post("Transfer-Encoding: chunked", "0x3\r\nabc\r\n0\r\n\r\n")},
        Smuggle{"a size after a space", post("Transfer-Encoding: chunked", " 3\r\nabc\r\n0\r\n\r\n")},
        Smuggle{"a size that ends with a bare LF", post("Transfer-Encoding: chunked", "3\nabc\r\n0\r\n\r\n")},
        Smuggle{"lines that all end with a bare LF", post("Transfer-Encoding: chunked", "3\nabc\n0\n\n")},
        Smuggle{"a last line that ends with a bare LF", post("Transfer-Encoding: chunked", "3\r\nabc\r\n0\n\n")},
        Smuggle{"a trailer that ends with a bare LF", post("Transfer-Encoding: chunked", "0\r\nA: b\n\n")},
        Smuggle{"data and a bare LF", post("Transfer-Encoding: chunked", "3\r\nabc\n")},
        Smuggle{"a size beyond 64 bits", post("Transfer-Encoding: chunked", "10000000000000003\r\nabc\r\n0\r\n\r\n")},
        Smuggle{"data longer than its size", post("Transfer-Encoding: chunked", "3\r\nabcd\r\n0\r\n\r\n")},
        Smuggle{"data without its CRLF", post("Transfer-Encoding: chunked", "3\r\nabc0\r\n\r\n")},
        Smuggle{"an extension with a line feed", post("Transfer-Encoding: chunked", "3;a\nb\r\nabc\r\n0\r\n\r\n")},
        Smuggle{"a length in the trailer", post("Transfer-Encoding: chunked", "0\r\nContent-Length: 5\r\n\r\n")},
        Smuggle{"a coding in the trailer",
                post("Transfer-Encoding: chunked", "0\r\nTransfer-Encoding: chunked\r\n\r\n")},
        Smuggle{"an endless extension",
                post("Transfer-Encoding: chunked", "3;" + std::string(20000, 'a') + "\r\nabc\r\n0\r\n\r\n")},
        Smuggle{"an endless trailer",
                post("Transfer-Encoding: chunked", "0\r\nA: " + std::string(20000, 'a') + "\r\n\r\n")}));

}  // namespace
}  // namespace nearline::test
