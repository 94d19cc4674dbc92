#include <set>

#include "domain/uuid.hpp"
#include "unit/http/server_fixture.hpp"

namespace nearline::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const std::string hello = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n";

TEST_F(ServerTest, AnswersAndKeepsTheConnection) {
    start();
    RawClient client(port());
    std::set<std::string> ids;
    for (int i = 0; i < 3; ++i) {
        const auto answer = client.ask(hello);
        EXPECT_EQ(answer.status, 200);
        EXPECT_EQ(answer.body, "hello\n");
        EXPECT_EQ(answer.field("Server"), "nearline");
        EXPECT_EQ(answer.field("Date").size(), 29U);
        EXPECT_EQ(answer.field("Connection"), "");
        ids.insert(answer.field("X-Request-Id"));
    }
    EXPECT_EQ(ids.size(), 3U);
    for (const auto& id : ids) EXPECT_TRUE(Uuid::parse(id)) << id;
}

TEST_F(ServerTest, GivesTheHandlerTheRequest) {
    start();
    RawClient client(port());
    const auto who = client.ask("GET /who HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(who.body, "127.0.0.1 " + who.field("X-Request-Id"));
    EXPECT_EQ(client.ask("GET /users/a%40b%2Fc HTTP/1.1\r\nHost: a\r\n\r\n").body, "a@b/c");
    EXPECT_EQ(client.ask("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody").body, "body");
    EXPECT_EQ(client.ask("GET /own-id HTTP/1.1\r\nHost: a\r\n\r\n").field("X-Request-Id"), "mine");
    EXPECT_EQ(client.ask("GET http://a/users/x?q HTTP/1.1\r\nHost: a\r\n\r\n").body, "x");
}

TEST_F(ServerTest, NamesParametersThatAreGivenTwice) {
    start();
    RawClient client(port());
    const auto answer = client.ask("GET /hello?limit=1&limit=2 HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(answer.status, 400);
    EXPECT_THAT(answer.body, HasSubstr(R"("pointer":"/limit")"));
    EXPECT_EQ(client.ask(hello).status, 200);
}

TEST_F(ServerTest, ReadsChunks) {
    start();
    RawClient client(port());
    const std::string head = "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    EXPECT_EQ(client.ask(head + "3\r\nabc\r\n00A;x=y\r\n0123456789\r\n0\r\n\r\n").body, "abc0123456789");
    EXPECT_EQ(client.ask(head + "0\r\n\r\n").body, "");
    // Byte by byte, and with a trailer, which is not taken for the header's.
    const auto slow = head + "5;a=\"b\"\r\nhello\r\n0\r\nX-Trailer: 1\r\n\r\n";
    for (const char byte : slow) client.send({&byte, 1});
    EXPECT_EQ(client.read_answer().body, "hello");
    EXPECT_EQ(client.ask(hello).status, 200);
}

TEST_F(ServerTest, AnswersPipelinedRequestsInOrder) {
    start();
    RawClient client(port());
    std::string requests;
    for (int i = 0; i < 300; ++i)
        requests += i % 3 == 0 ? "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n" + std::to_string(100 + i)
                               : "GET /users/" + std::to_string(100 + i) + " HTTP/1.1\r\nHost: a\r\n\r\n";
    client.send("GET /slow?ms=30 HTTP/1.1\r\nHost: a\r\n\r\n" + requests);
    EXPECT_EQ(client.read_answer().body, "slept\n");
    for (int i = 0; i < 300; ++i) ASSERT_EQ(client.read_answer().body, std::to_string(100 + i));
}

TEST_F(ServerTest, ToleratesAnEmptyLineBeforeARequest) {
    start();
    RawClient client(port());
    EXPECT_EQ(client.ask("\r\n" + hello).status, 200);
    client.send("\r");
    EXPECT_EQ(client.ask("\n" + hello).status, 200);
    EXPECT_EQ(client.ask("\r\n\r\n" + hello).status, 400);
}

TEST_F(ServerTest, TakesKeepAliveFromTheRequest) {
    start();
    {
        RawClient client(port());
        EXPECT_EQ(client.ask("GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").field("Connection"),
                  "close");
        EXPECT_EQ(client.read_to_end(), "");
        EXPECT_TRUE(client.closed());
    }
    {
        RawClient client(port());
        EXPECT_EQ(client.ask("GET /hello HTTP/1.0\r\n\r\n").field("Connection"), "close");
        client.read_to_end();
        EXPECT_TRUE(client.closed());
    }
    {
        RawClient client(port());
        EXPECT_EQ(client.ask("GET /hello HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n").field("Connection"),
                  "keep-alive");
        EXPECT_EQ(client.ask("GET /hello HTTP/1.0\r\nConnection: x, keep-alive\r\n\r\n").status, 200);
    }
    {
        RawClient client(port());
        EXPECT_EQ(client.ask("GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n").status, 404);
        EXPECT_EQ(client.ask("POST /hello HTTP/1.1\r\nHost: a\r\n\r\n").status, 405);
        EXPECT_EQ(client.ask("GET /throws HTTP/1.1\r\nHost: a\r\n\r\n").status, 500);
        EXPECT_EQ(client.ask(hello).status, 200);
    }
}

TEST_F(ServerTest, AnswersHeadWithoutABody) {
    start();
    RawClient client(port());
    client.send("HEAD /hello HTTP/1.1\r\nHost: a\r\n\r\n" + hello);
    const auto head = client.read_answer(false);
    EXPECT_EQ(head.status, 200);
    EXPECT_EQ(head.field("Content-Length"), "6");
    EXPECT_EQ(client.read_answer().body, "hello\n");
    client.send("HEAD /nothing HTTP/1.1\r\nHost: a\r\n\r\n" + hello);
    EXPECT_EQ(client.read_answer(false).status, 404);
    EXPECT_EQ(client.read_answer().body, "hello\n");
}

TEST_F(ServerTest, SaysWhichMethodsThereAre) {
    start();
    RawClient client(port());
    const auto options = client.ask("OPTIONS /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(options.status, 204);
    EXPECT_EQ(options.field("Allow"), "GET, HEAD, OPTIONS");
    EXPECT_EQ(client.ask("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n").status, 204);
    EXPECT_EQ(client.ask("OPTIONS /nothing HTTP/1.1\r\nHost: a\r\n\r\n").status, 404);
    const auto wrong = client.ask("DELETE /echo HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(wrong.status, 405);
    EXPECT_EQ(wrong.field("Allow"), "OPTIONS, POST");
    EXPECT_EQ(wrong.field("Content-Type"), "application/problem+json");
    EXPECT_THAT(wrong.body, HasSubstr(wrong.field("X-Request-Id")));
}

TEST_F(ServerTest, ChecksTheContentType) {
    start();
    RawClient client(port());
    const auto post = [&](const std::string& fields) {
        return client.ask("POST /json HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n" + fields + "\r\n{}");
    };
    EXPECT_EQ(post("Content-Type: application/json; charset=UTF-8\r\n").status, 200);
    EXPECT_EQ(post("").status, 415);
    EXPECT_EQ(post("Content-Type: text/plain\r\n").status, 415);
    EXPECT_EQ(post("Content-Type: text/plain\r\n").field("Accept"), "application/json");
    EXPECT_EQ(post("Content-Type: application/json\r\nContent-Encoding: gzip\r\n").status, 415);
    EXPECT_EQ(post("Content-Type: application/json\r\nContent-Encoding: identity\r\n").status, 200);
}

TEST_F(ServerTest, TurnsExceptionsIntoProblemsWithoutTheirDetails) {
    start();
    RawClient client(port());
    const auto failed = client.ask("GET /throws HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(failed.status, 500);
    EXPECT_THAT(failed.body, Not(HasSubstr("secret detail")));
    EXPECT_THAT(failed.body, HasSubstr(failed.field("X-Request-Id")));
    const auto unavailable = client.ask("GET /unavailable HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(unavailable.status, 503);
    EXPECT_EQ(unavailable.field("Retry-After"), "1");
    EXPECT_THAT(unavailable.body, Not(HasSubstr("10.0.0.1")));
}

TEST_F(ServerTest, BelievesTrustedProxiesAlone) {
    http::ServerOptions options;
    options.trusted_proxies = {"127.0.0.0/8"};
    start(options);
    RawClient client(port());
    const auto who = client.ask("GET /who HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 6.6.6.6, 1.2.3.4\r\n\r\n");
    EXPECT_THAT(who.body, ::testing::StartsWith("1.2.3.4 "));
}

TEST_F(ServerTest, CountsByRoute) {
    start();
    RawClient client(port());
    client.ask(hello);
    client.ask("GET /users/ann HTTP/1.1\r\nHost: a\r\n\r\n");
    client.ask("GET /users/bob HTTP/1.1\r\nHost: a\r\n\r\n");
    client.ask("BREW /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    client.ask("GET /random/path HTTP/1.1\r\nHost: a\r\n\r\n");
    client.ask("bad\r\n\r\n");
    const auto text = metrics_.exposition();
    const auto count = [&](const std::string& method, const std::string& route, int status) {
        return metrics_
            .counter("nearline_http_requests_total", "",
                     {{"service", "test"}, {"method", method}, {"route", route}, {"status", std::to_string(status)}})
            .value();
    };
    EXPECT_EQ(count("GET", "/hello", 200), 1);
    EXPECT_EQ(count("GET", "/users/{name}", 200), 2);
    EXPECT_EQ(count("other", "unmatched", 405), 1);
    EXPECT_EQ(count("GET", "unmatched", 404), 1);
    EXPECT_EQ(count("other", "malformed", 400), 1);
    EXPECT_THAT(text, HasSubstr("nearline_http_request_duration_seconds_count{route=\"/hello\",service=\"test\"} 1"));
    EXPECT_THAT(text, Not(HasSubstr("ann")));
    EXPECT_EQ(open_connections(), 1);
}

TEST_F(ServerTest, ServesTheOperationsRoutes) {
    Health health(metrics_);
    server_ = std::make_unique<http::Server>(loop_, http::ServerOptions{.service = "test"},
                                             http::operations_routes(health, metrics_), metrics_);
    server_->start();
    loop_.start();
    RawClient client(port());
    EXPECT_EQ(client.ask("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n").status, 200);
    EXPECT_EQ(client.ask("GET /readyz HTTP/1.1\r\nHost: a\r\n\r\n").status, 503);
    health.started();
    EXPECT_EQ(client.ask("GET /readyz HTTP/1.1\r\nHost: a\r\n\r\n").status, 200);
    EXPECT_THAT(client.ask("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n").body, HasSubstr("nearline_http_requests_total"));
    server_.reset();
}

TEST_F(ServerTest, NamesThePortThatIsTaken) {
    start();
    http::ServerOptions options;
    options.port = port();
    try {
        http::Server second(loop_, options, routes(), metrics_);
        FAIL() << "two servers on one port";
    } catch (const std::runtime_error& error) {
        EXPECT_THAT(error.what(), HasSubstr("127.0.0.1 port " + std::to_string(port())));
        EXPECT_THAT(error.what(), HasSubstr("ss -ltnp"));
    }
    options.port = 0;
    options.address = "192.0.2.1";
    EXPECT_THROW(http::Server(loop_, options, routes(), metrics_), std::runtime_error);
    options.address = "localhost";
    EXPECT_NO_THROW(http::Server(loop_, options, routes(), metrics_));
}

TEST_F(ServerTest, WritesItsUrl) {
    http::ServerOptions options;
    options.address = "::1";
    EXPECT_THAT(http::Server(loop_, options, routes(), metrics_).url(), ::testing::StartsWith("http://[::1]:"));
    options.address = "0.0.0.0";
    EXPECT_THAT(http::Server(loop_, options, routes(), metrics_).url(), ::testing::StartsWith("http://127.0.0.1:"));
}

}  // namespace
}  // namespace nearline::test
