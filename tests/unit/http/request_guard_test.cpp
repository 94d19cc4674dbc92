#include "http/request_guard.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <ostream>
#include <rapidcheck/gtest.h>
#include <string>

namespace nearline::http {
namespace {

using ::testing::HasSubstr;

/// "accepted", or the status and the detail.
std::string verdict(std::string_view header) {
    const auto head = check_header(header);
    return head ? "accepted" : std::to_string(head.error().status) + " " + head.error().detail;
}

struct Refusal {
    const char* what;
    std::string header;
    const char* detail;
};
void PrintTo(const Refusal& refusal, std::ostream* out) {
    *out << refusal.what;
}

class RequestGuardRefuses : public ::testing::TestWithParam<Refusal> {};

TEST_P(RequestGuardRefuses, WhatIsAmbiguous) {
    EXPECT_THAT(verdict(GetParam().header), ::testing::StartsWith("400 "));
    EXPECT_THAT(verdict(GetParam().header), HasSubstr(GetParam().detail));
}

std::string with(const std::string& fields) {
    return "POST /predict HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n\r\n";
}

std::string line(const std::string& text) {
    return text + "\r\nHost: a\r\n\r\n";
}

INSTANTIATE_TEST_SUITE_P(
    Rfc9112, RequestGuardRefuses,
    ::testing::Values(
        Refusal{"no version", line("GET /"), "request line"},
        Refusal{"two spaces", line("GET  / HTTP/1.1"), "character"},
        Refusal{"a space in the target", line("GET /a b HTTP/1.1"), "character"},
        Refusal{"a tab for a space", line("GET\t/ HTTP/1.1"), "request line"},
        Refusal{"a space at the end", line("GET / HTTP/1.1 "), "version"},
        Refusal{"a method that is no token", line("G(T / HTTP/1.1"), "method"},
        Refusal{"no method", line(" / HTTP/1.1"), "method"}, Refusal{"HTTP/2", line("PRI * HTTP/2.0"), "HTTP/2"},
        Refusal{"HTTP/1.2", line("GET / HTTP/1.2"), "version"}, Refusal{"HTTP/0.9", line("GET / HTTP/0.9"), "version"},
        Refusal{"lower-case version", line("GET / http/1.1"), "version"},
        Refusal{"HTTP/1.10", line("GET / HTTP/1.10"), "version"},
        Refusal{"a NUL in the target", line(std::string("GET /\0 HTTP/1.1", 15)), "character"},
        Refusal{"a byte above ASCII in the target", line("GET /\xc3\xa4 HTTP/1.1"), "character"},
        Refusal{"DEL in the target", line("GET /\x7f HTTP/1.1"), "character"},
        Refusal{"a fragment", line("GET /a#b HTTP/1.1"), "character"},
        Refusal{"a half percent-encoding", line("GET /%4 HTTP/1.1"), "hex digits"},
        Refusal{"a wrong percent-encoding", line("GET /%zz HTTP/1.1"), "hex digits"},
        Refusal{"%00", line("GET /%00 HTTP/1.1"), "%00"},
        Refusal{"%00 in the query", line("GET /?a=%00 HTTP/1.1"), "%00"},
        Refusal{"* without OPTIONS", line("GET * HTTP/1.1"), "OPTIONS"},
        Refusal{"a path without /", line("GET predict HTTP/1.1"), "no proxy"},
        Refusal{"authority form", line("CONNECT a:80 HTTP/1.1"), "no proxy"},
        Refusal{"absolute form with https", line("GET https://a/ HTTP/1.1"), "no proxy"},
        Refusal{"absolute form for another host", line("GET http://b/ HTTP/1.1"), "another host"},
        Refusal{"absolute form with a user", line("GET http://x@a/ HTTP/1.1"), "another host"},
        Refusal{"no Host", "GET / HTTP/1.1\r\n\r\n", "Host"}, Refusal{"two Hosts", with("Host: a"), "twice"},
        Refusal{"two Hosts, HTTP/1.0", "GET / HTTP/1.0\r\nHost: a\r\nhost: b\r\n\r\n", "twice"},
        Refusal{"a Host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", "Host"},
        Refusal{"a Host with a user", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", "Host"},
        Refusal{"a Host with a space", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", "Host"}));

INSTANTIATE_TEST_SUITE_P(
    Fields, RequestGuardRefuses,
    ::testing::Values(Refusal{"a folded line", with("A: b\r\n c"), "folding"},
                      Refusal{"a line folded by a tab", with("A: b\r\n\tc"), "folding"},
                      Refusal{"a folded first line", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", "folding"},
                      Refusal{"a space before the colon", with("Content-Length : 5"), "space before its colon"},
                      Refusal{"a tab before the colon", with("Content-Length\t: 5"), "space before its colon"},
                      Refusal{"no colon", with("Content-Length 5"), "colon"}, Refusal{"no name", with(": 5"), "name"},
                      Refusal{"a NUL in the name", with(std::string("A\0: b", 5)), "name"},
                      Refusal{"a byte above ASCII in the name", with("\xc3\xa4: b"), "name"},
                      Refusal{"a NUL in the value", with(std::string("A: b\0c", 6)), "control character"},
                      Refusal{"a bare CR in the value", with("A: b\rTransfer-Encoding: chunked"), "control character"},
                      Refusal{"a bare LF in the value", with("A: b\nTransfer-Encoding: chunked"), "control character"},
                      Refusal{"DEL in the value", with("A: \x7f"), "control character"},
                      Refusal{"ESC in the value", with("A: \x1b[0m"), "control character"},
                      Refusal{"two tokens", with("Authorization: Bearer a\r\nAuthorization: Bearer b"), "twice"},
                      Refusal{"two content types", with("Content-Type: text/plain\r\nContent-Type: application/json"),
                              "twice"},
                      Refusal{"two keys", with("Idempotency-Key: a\r\nidempotency-key: a"), "twice"}));

INSTANTIATE_TEST_SUITE_P(
    Framing, RequestGuardRefuses,
    ::testing::Values(
        Refusal{"length and chunks", with("Content-Length: 5\r\nTransfer-Encoding: chunked"), "together"},
        Refusal{"chunks and length", with("Transfer-Encoding: chunked\r\nContent-Length: 5"), "together"},
        Refusal{"two lengths", with("Content-Length: 5\r\nContent-Length: 6"), "twice"},
        Refusal{"two equal lengths", with("Content-Length: 5\r\nContent-Length: 5"), "twice"},
        Refusal{"a list of lengths", with("Content-Length: 5, 5"), "decimal"},
        Refusal{"+5", with("Content-Length: +5"), "decimal"}, Refusal{"-5", with("Content-Length: -5"), "decimal"},
        Refusal{"0x5", with("Content-Length: 0x5"), "decimal"}, Refusal{"5.0", with("Content-Length: 5.0"), "decimal"},
        Refusal{"5 5", with("Content-Length: 5 5"), "decimal"},
        Refusal{"no length", with("Content-Length:"), "decimal"},
        Refusal{"2^64", with("Content-Length: 18446744073709551616"), "decimal"},
        Refusal{"more digits than a number has", with("Content-Length: 00000000000000000005"), "decimal"},
        Refusal{"xchunked", with("Transfer-Encoding: xchunked"), "exactly"},
        Refusal{"chunked, identity", with("Transfer-Encoding: chunked, identity"), "exactly"},
        Refusal{"identity, chunked", with("Transfer-Encoding: identity, chunked"), "exactly"},
        Refusal{"gzip, chunked", with("Transfer-Encoding: gzip, chunked"), "exactly"},
        Refusal{"chunked twice", with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"), "twice"},
        Refusal{"identity", with("Transfer-Encoding: identity"), "exactly"},
        Refusal{"an empty coding", with("Transfer-Encoding:"), "exactly"},
        Refusal{"a quoted coding", with("Transfer-Encoding: \"chunked\""), "exactly"},
        Refusal{"a coding with a parameter", with("Transfer-Encoding: chunked;q=1"), "exactly"},
        Refusal{"chunks in HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", "HTTP/1.0"}));

TEST(RequestGuard, ReadsWhatIsClear) {
    const auto head = check_header(
        "POST /predict?a=b%20c HTTP/1.1\r\nhost: a:80\r\nX: \xc3\xa4 b\tc  \r\nY:\r\nCONTENT-LENGTH: 0012\r\nExpect: "
        "100-Continue\r\n\r\n");
    ASSERT_TRUE(head) << head.error().detail;
    EXPECT_EQ(head->method, "POST");
    EXPECT_EQ(head->target, "/predict?a=b%20c");
    EXPECT_EQ(head->path, "/predict");
    EXPECT_EQ(head->query, "a=b%20c");
    EXPECT_EQ(head->minor_version, 1);
    EXPECT_EQ(head->content_length, 12U);
    EXPECT_FALSE(head->chunked);
    EXPECT_TRUE(head->expects_continue);
}

TEST(RequestGuard, ReadsChunksAndOlderClients) {
    EXPECT_TRUE(check_header(with("Transfer-Encoding: Chunked ")).value().chunked);
    const auto old = check_header("GET / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n");
    ASSERT_TRUE(old);
    EXPECT_EQ(old->minor_version, 0);
    // HTTP/1.0 has no expectations (RFC 9110, 10.1.1).
    EXPECT_FALSE(old->expects_continue);
}

TEST(RequestGuard, TakesEveryFormOfTarget) {
    EXPECT_EQ(check_header(line("OPTIONS * HTTP/1.1")).value().path, "*");
    EXPECT_EQ(check_header(line("GET http://a/x?y HTTP/1.1")).value().path, "/x");
    EXPECT_EQ(check_header(line("GET HTTP://A/x?y HTTP/1.1")).value().query, "y");
    EXPECT_EQ(check_header(line("GET http://a HTTP/1.1")).value().path, "/");
    EXPECT_EQ(check_header(line("GET http://a?q HTTP/1.1")).value().query, "q");
    EXPECT_EQ(check_header(line("GET /? HTTP/1.1")).value().path, "/");
    EXPECT_EQ(check_header(line("GET //a/../b HTTP/1.1")).value().path, "//a/../b");
    EXPECT_EQ(verdict("GET / HTTP/1.1\r\nHost:\r\n\r\n"), "accepted");
    EXPECT_EQ(verdict("GET / HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n"), "accepted");
}

TEST(RequestGuard, KnowsOneExpectation) {
    EXPECT_THAT(verdict(with("Expect: 200-ok")), ::testing::StartsWith("417 "));
}

TEST(RequestGuard, BoundsTheNumberOfFields) {
    std::string fields = "Host: a\r\n";
    for (std::size_t i = 1; i < most_header_fields; ++i) fields += "X: y\r\n";
    EXPECT_EQ(verdict("GET / HTTP/1.1\r\n" + fields + "\r\n"), "accepted");
    EXPECT_THAT(verdict("GET / HTTP/1.1\r\n" + fields + "X: y\r\n" + "\r\n"), ::testing::StartsWith("431 "));
}

TEST(RequestGuard, WantsOneWholeHeader) {
    EXPECT_THAT(verdict(""), ::testing::StartsWith("400"));
    EXPECT_THAT(verdict("GET / HTTP/1.1"), ::testing::StartsWith("400"));
    EXPECT_THAT(verdict("GET / HTTP/1.1\r\nHost: a\r\n"), ::testing::StartsWith("400"));
    EXPECT_THAT(verdict("GET / HTTP/1.1\r\nHost: a\r\n\r\nX"), ::testing::StartsWith("400"));
}

HeaderScan::State state(std::string_view received, std::size_t scanned = 0) {
    return scan_header(received, scanned).state;
}

TEST(ScanHeader, FindsTheEnd) {
    const std::string header = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    for (std::size_t size = 0; size < header.size(); ++size)
        EXPECT_EQ(state(header.substr(0, size)), HeaderScan::State::incomplete) << size;
    const auto scan = scan_header(header + "GET /next");
    EXPECT_EQ(scan.state, HeaderScan::State::complete);
    EXPECT_EQ(scan.length, header.size());
}

TEST(ScanHeader, SeesEarlyThatNothingCanComeOfIt) {
    EXPECT_EQ(state("\x16\x03\x01"), HeaderScan::State::broken);
    EXPECT_EQ(state("\n"), HeaderScan::State::broken);
    EXPECT_EQ(state("\r\n"), HeaderScan::State::broken);
    EXPECT_EQ(state(" GET"), HeaderScan::State::broken);
    EXPECT_EQ(state(std::string_view("\0", 1)), HeaderScan::State::broken);
    EXPECT_EQ(state("GET / HTTP/1.1\n"), HeaderScan::State::broken);
    EXPECT_EQ(state("GET / HTTP/1.1\r\nHost: a\n\n"), HeaderScan::State::broken);
    EXPECT_THAT(broken_header("\x16\x03\x01").detail, HasSubstr("use http://"));
    EXPECT_THAT(broken_header("\x01").detail, HasSubstr("does not start like"));
    EXPECT_THAT(broken_header("GET /\n").detail, HasSubstr("bare line feed"));
}

/// Bytes that are close to a header, so that a property reaches more than the first check.
rc::Gen<std::string> almost_header() {
    return rc::gen::map(rc::gen::container<std::vector<std::string>>(rc::gen::elementOf(std::vector<std::string>{
                            "GET / HTTP/1.1\r\n", "POST /a HTTP/1.0\r\n", "Host: a\r\n", "Content-Length: 5\r\n",
                            "Transfer-Encoding: chunked\r\n", "\r\n", "\n", "\r", " ", "\t", ":", "A: b\r\n",
                            std::string(1, '\0'), "\xff", "Expect: 100-continue\r\n", "%", "*"})),
                        [](const std::vector<std::string>& parts) {
                            std::string text;
                            for (const auto& part : parts) text += part;
                            return text;
                        });
}

RC_GTEST_PROP(RequestGuardProperty, SaysTheSameHoweverTheBytesArrive, ()) {
    const auto bytes = *almost_header();
    const auto whole = scan_header(bytes);
    const auto cut = *rc::gen::inRange<std::size_t>(0, bytes.size() + 1);
    const auto first = scan_header(std::string_view(bytes).substr(0, cut));
    const auto both = first.state == HeaderScan::State::incomplete ? scan_header(bytes, cut) : first;
    RC_ASSERT(both.state == whole.state);
    RC_ASSERT(both.length == whole.length);
}

RC_GTEST_PROP(RequestGuardProperty, AcceptsNothingThatCanBeReadInTwoWays, ()) {
    // Half of them begin and end well, so that what is between decides.
    const bool framed = *rc::gen::arbitrary<bool>();
    const auto middle = *almost_header();
    const auto bytes = framed ? "GET / HTTP/1.1\r\nHost: a\r\n" + middle + "\r\n" : middle;
    const auto head = check_header(bytes);
    RC_CLASSIFY(head.has_value(), "accepted");
    if (!head) {
        RC_ASSERT(head.error().status == 400 || head.error().status == 417 || head.error().status == 431);
        return;
    }
    RC_ASSERT(bytes.ends_with("\r\n\r\n"));
    RC_ASSERT(!(head->chunked && head->content_length));
    RC_ASSERT(!(head->chunked && head->minor_version == 0));
    RC_ASSERT(bytes.find('\0') == std::string::npos);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        RC_ASSERT(bytes[i] != '\n' || (i > 0 && bytes[i - 1] == '\r'));
        RC_ASSERT(bytes[i] != '\r' || (i + 1 < bytes.size() && bytes[i + 1] == '\n'));
    }
}

}  // namespace
}  // namespace nearline::http
