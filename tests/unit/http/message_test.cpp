#include "http/message.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/answer.hpp"
#include "http/trusted_proxies.hpp"
#include "http/url.hpp"

namespace nearline::http {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Headers, KeepTheirOrderAndIgnoreCase) {
    Headers headers{{"A", "1"}, {"b", "2"}};
    headers.add("a", "3");
    EXPECT_EQ(headers.find("a"), "1");
    EXPECT_EQ(headers.find("B"), "2");
    EXPECT_EQ(headers.find("c"), std::nullopt);
    headers.set("A", "4");
    EXPECT_EQ(headers.all().size(), 2U);
    EXPECT_EQ(headers.find("a"), "4");
}

TEST(ToResponse, WritesProblemsAsRfc9457Says) {
    Problem problem{
        422, "Unprocessable Content", "Two \"things\" are wrong.", {{"/a", "missing"}, {"", "no"}}, "some-id"};
    problem.retry_after = std::chrono::seconds(3);
    problem.www_authenticate = "Bearer";
    const auto response = to_response(problem);
    EXPECT_EQ(response.status, 422);
    EXPECT_EQ(
        response.body,
        R"({"title":"Unprocessable Content","status":422,"detail":"Two \"things\" are wrong.","request_id":"some-id",)"
        R"("errors":[{"pointer":"/a","detail":"missing"},{"pointer":"","detail":"no"}]})"
        "\n");
    EXPECT_EQ(response.headers.find("Content-Type"), "application/problem+json");
    EXPECT_EQ(response.headers.find("Retry-After"), "3");
    EXPECT_EQ(response.headers.find("WWW-Authenticate"), "Bearer");
    EXPECT_EQ(to_response({404, "Not Found", "no"}).body,
              "{\"title\":\"Not Found\",\"status\":404,\"detail\":\"no\"}\n");
}

std::string header_of(const Response& response, bool keep_alive = true, int minor_version = 1) {
    std::string out;
    append_header(out, response, {"DATE", "ID", minor_version, keep_alive});
    return out;
}

TEST(AppendHeader, WritesTheHeader) {
    EXPECT_EQ(header_of({200, {{"Content-Type", "text/plain"}}, "abc"}),
              "HTTP/1.1 200 OK\r\nServer: nearline\r\nDate: DATE\r\nContent-Type: text/plain\r\n"
              "X-Request-Id: ID\r\nContent-Length: 3\r\n\r\n");
    EXPECT_THAT(header_of({200}, false), HasSubstr("Connection: close\r\n"));
    EXPECT_THAT(header_of({200}, true, 0), HasSubstr("Connection: keep-alive\r\n"));
    EXPECT_THAT(header_of({204}), Not(HasSubstr("Content-Length")));
    EXPECT_THAT(header_of({304}), Not(HasSubstr("Content-Length")));
}

TEST(AppendHeader, LeavesFramingToTheServer) {
    const auto text =
        header_of({200, {{"content-length", "9"}, {"Transfer-Encoding", "chunked"}, {"connection", "x"}}, "a"});
    EXPECT_THAT(text, Not(HasSubstr("chunked")));
    EXPECT_THAT(text, Not(HasSubstr("9\r\n")));
    EXPECT_THAT(text, HasSubstr("Content-Length: 1\r\n"));
}

TEST(AppendHeader, LetsNoValueEndItsLine) {
    const auto text = header_of({200, {{"Location", "/a\r\nSet-Cookie: x\0y"}, {"Bad Name", "z"}}});
    EXPECT_THAT(text, HasSubstr("Location: /a  Set-Cookie: x"));
    EXPECT_THAT(text, Not(HasSubstr("Bad Name")));
}

std::string client_of(const std::vector<std::string>& trusted, const std::string& peer,
                      std::initializer_list<std::pair<std::string, std::string>> headers) {
    return TrustedProxies(trusted).client_address(peer, Headers(headers));
}

TEST(TrustedProxies, BelievesNobodyElse) {
    EXPECT_EQ(client_of({}, "10.0.0.1", {{"X-Forwarded-For", "1.2.3.4"}}), "10.0.0.1");
    EXPECT_EQ(client_of({"10.0.0.2"}, "10.0.0.1", {{"X-Forwarded-For", "1.2.3.4"}}), "10.0.0.1");
    EXPECT_EQ(client_of({"10.0.0.0/8"}, "10.0.0.1", {}), "10.0.0.1");
}

TEST(TrustedProxies, TakesTheRightmostThatIsNoProxy) {
    const std::vector<std::string> trusted{"10.0.0.0/8", "fd00::/8"};
    EXPECT_EQ(client_of(trusted, "10.0.0.1", {{"x-forwarded-for", "6.6.6.6, 1.2.3.4"}}), "1.2.3.4");
    EXPECT_EQ(client_of(trusted, "10.0.0.1", {{"X-Forwarded-For", "6.6.6.6, 1.2.3.4, 10.9.9.9"}}), "1.2.3.4");
    EXPECT_EQ(client_of(trusted, "10.0.0.1", {{"X-Forwarded-For", "1.2.3.4"}, {"X-Forwarded-For", "10.2.2.2"}}),
              "1.2.3.4");
    EXPECT_EQ(client_of(trusted, "10.0.0.1", {{"X-Forwarded-For", "10.0.0.3"}}), "10.0.0.3");
    EXPECT_EQ(client_of(trusted, "fd00::1", {{"X-Forwarded-For", "[2001:db8::7]:4711"}}), "2001:db8::7");
    EXPECT_EQ(client_of(trusted, "10.0.0.1", {{"X-Forwarded-For", "1.2.3.4:5678"}}), "1.2.3.4");
    EXPECT_EQ(client_of(trusted, "10.0.0.1", {{"X-Forwarded-For", "6.6.6.6, unknown"}}), "10.0.0.1");
    EXPECT_EQ(client_of(trusted, "10.0.0.1", {{"X-Forwarded-For", "6.6.6.6, \"; drop\", 10.1.1.1"}}), "10.1.1.1");
}

TEST(TrustedProxies, KnowsNetworks) {
    EXPECT_EQ(client_of({"192.168.128.0/17"}, "192.168.200.1", {{"X-Forwarded-For", "1.1.1.1"}}), "1.1.1.1");
    EXPECT_EQ(client_of({"192.168.128.0/17"}, "192.168.100.1", {{"X-Forwarded-For", "1.1.1.1"}}), "192.168.100.1");
    EXPECT_EQ(client_of({"0.0.0.0/0"}, "8.8.8.8", {{"X-Forwarded-For", "::1"}}), "::1");
    for (const auto* text :
         {"", "10.0.0", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8x", "::/129", "proxy.example"})
        EXPECT_THAT(TrustedProxies::check(text), HasSubstr("neither an address")) << text;
    EXPECT_EQ(TrustedProxies::check("::/128"), "");
    EXPECT_THROW(TrustedProxies({"10.0.0.0/8", "nonsense"}), std::invalid_argument);
}

TEST(ParseUrl, TakesUrlsApart) {
    const auto url = parse_url("http://example.org:8080/a/b?c=d#e");
    EXPECT_EQ(url.host, "example.org");
    EXPECT_EQ(url.port, 8080);
    EXPECT_EQ(url.authority, "example.org:8080");
    EXPECT_EQ(url.path, "/a/b?c=d");
    EXPECT_EQ(parse_url("HTTP://a").port, 80);
    EXPECT_EQ(parse_url("http://a").path, "");
    EXPECT_EQ(parse_url("http://a?b").path, "/?b");
    EXPECT_EQ(parse_url("http://[::1]:81/").host, "::1");
    EXPECT_EQ(parse_url("http://[::1]:81/").port, 81);
    EXPECT_EQ(parse_url("http://[::1]").port, 80);
}

TEST(ParseUrl, SaysWhatIsWrong) {
    const auto why = [](const std::string& text) {
        try {
            parse_url(text);
        } catch (const std::invalid_argument& error) {
            return std::string(error.what());
        }
        return std::string();
    };
    EXPECT_THAT(why("https://a"), HasSubstr("TLS ends at the ingress"));
    EXPECT_THAT(why("ftp://a"), HasSubstr("begin with http://"));
    EXPECT_THAT(why("localhost:5000"), HasSubstr("begin with http://"));
    EXPECT_THAT(why(""), HasSubstr("begin with http://"));
    EXPECT_THAT(why("http://"), HasSubstr("no host"));
    EXPECT_THAT(why("http://:80"), HasSubstr("no host"));
    for (const auto* text :
         {"http://a:", "http://a:0", "http://a:65536", "http://a:x", "http://a:8 0", "http://[::1]x"})
        EXPECT_NE(why(text), "") << text;
    EXPECT_THAT(why("http://u:p@a"), HasSubstr("password"));
    EXPECT_THAT(why("http://[::1"), HasSubstr("]"));
    EXPECT_THAT(why("http://a/\r\nb"), HasSubstr("percent-encoded"));
}

}  // namespace
}  // namespace nearline::http
