#include "http/client.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <vector>

#include "unit/http/server_fixture.hpp"
#include "unit/http/tcp_peer.hpp"

namespace nearline::test {
namespace {

using namespace std::chrono_literals;
using http::Client;
using http::ClientRequest;
using http::Response;

ClientRequest get(std::string target, std::chrono::milliseconds timeout) {
    ClientRequest request("GET", std::move(target));
    request.timeout = timeout;
    return request;
}

class ClientTest : public ServerTest {
protected:
    std::future<Response> send_async(Client& client, ClientRequest request) {
        // Whoever does not test a time-out does not want one on a busy machine.
        if (request.timeout == ClientRequest().timeout) request.timeout = 60s;
        return boost::asio::co_spawn(loop_.executor(), client.send(std::move(request)), boost::asio::use_future);
    }
    Response send(Client& client, ClientRequest request) { return send_async(client, std::move(request)).get(); }

    static std::string reason(std::future<Response> answer) {
        try {
            answer.get();
        } catch (const Unavailable& error) {
            return error.what();
        }
        return "";
    }
};

TEST_F(ClientTest, SendsAndReadsTheAnswer) {
    start();
    Client client(loop_, server_->url());
    const auto answer = send(client, {"POST", "/json", {{"Content-Type", "application/json"}}, R"({"a":1})"});
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, R"({"a":1})");
    EXPECT_EQ(answer.headers.find("content-type"), "application/json");
    EXPECT_EQ(send(client, {"HEAD", "/hello"}).headers.find("Content-Length"), "6");
    EXPECT_EQ(send(client, {"GET", "/nothing"}).status, 404);
}

TEST_F(ClientTest, KeepsItsConnection) {
    start();
    Client client(loop_, server_->url());
    for (int i = 0; i < 5; ++i) EXPECT_EQ(send(client, {"GET", "/hello"}).status, 200);
    EXPECT_EQ(open_connections(), 1);
}

TEST_F(ClientTest, PutsTheBasePathBeforeTheTarget) {
    start();
    Client client(loop_, server_->url() + "/users/");
    EXPECT_EQ(send(client, {"GET", "/ann"}).body, "ann");
}

TEST_F(ClientTest, UsesNoMoreConnectionsThanAllowed) {
    start();
    Client client(loop_, server_->url(), 2);
    std::vector<std::future<Response>> answers;
    for (int i = 0; i < 6; ++i) answers.push_back(send_async(client, {"GET", "/slow?ms=50"}));
    for (auto& answer : answers) EXPECT_EQ(answer.get().status, 200);
    EXPECT_EQ(open_connections(), 2);
}

TEST_F(ClientTest, GivesUpInLineWhenItsTimeIsOver) {
    start();
    Client client(loop_, server_->url(), 1);
    auto first = send_async(client, {"GET", "/slow?ms=500"});
    auto second = send_async(client, get("/hello", 50ms));
    EXPECT_THAT(reason(std::move(second)), ::testing::HasSubstr("1 requests are under way"));
    EXPECT_EQ(first.get().status, 200);
    EXPECT_EQ(send(client, {"GET", "/hello"}).status, 200);
}

TEST_F(ClientTest, GivesUpOnASlowAnswer) {
    start();
    Client client(loop_, server_->url());
    EXPECT_THAT(reason(send_async(client, get("/slow?ms=2000", 60ms))), ::testing::HasSubstr("no answer in time"));
    EXPECT_EQ(send(client, {"GET", "/hello"}).status, 200);
}

TEST_F(ClientTest, SaysWhenNobodyListens) {
    start();
    const auto url = "http://127.0.0.1:" + std::to_string(unused_port());
    Client client(loop_, url);
    EXPECT_THAT(reason(send_async(client, {})), ::testing::HasSubstr(url + ": Connection refused"));
}

TEST_F(ClientTest, FindsALocalName) {
    start();
    Client client(loop_, "http://localhost:" + std::to_string(port()));
    EXPECT_EQ(send(client, {"GET", "/hello"}).status, 200);
}

TEST_F(ClientTest, SaysWhenThereIsNoSuchHost) {
    start();
    Client client(loop_, "http://nearline.invalid");
    EXPECT_THAT(reason(send_async(client, {})), ::testing::HasSubstr("nearline.invalid"));
}

TEST_F(ClientTest, TriesAgainWhereAKeptConnectionWasClosed) {
    loop_.start();
    TcpPeer peer;
    Client client(loop_, peer.url());
    peer.script({"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1", TcpPeer::close_on_request});
    peer.script({"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n2"});
    EXPECT_EQ(send(client, {"GET", "/"}).body, "1");
    EXPECT_EQ(send(client, {"GET", "/"}).body, "2");
    EXPECT_EQ(peer.accepted(), 2);
}

TEST_F(ClientTest, ClosesAKeptConnectionThatTheServerEnds) {
    loop_.start();
    TcpPeer peer;
    Client client(loop_, peer.url());
    peer.script({"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1", TcpPeer::end_and_wait});
    EXPECT_EQ(send(client, {"GET", "/"}).body, "1");
    EXPECT_TRUE(peer.client_closed());
}

TEST_F(ClientTest, DoesNotTryAgainAfterAByteOfTheAnswer) {
    loop_.start();
    TcpPeer peer;
    Client client(loop_, peer.url());
    peer.script({"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1", "HTTP/1.1 2"});
    EXPECT_EQ(send(client, {"GET", "/"}).body, "1");
    EXPECT_NE(reason(send_async(client, {"GET", "/"})), "");
    EXPECT_EQ(peer.accepted(), 1);
}

TEST_F(ClientTest, DoesNotTryAgainOnAFreshConnection) {
    loop_.start();
    TcpPeer peer;
    Client client(loop_, peer.url());
    peer.script({TcpPeer::close_on_request});
    EXPECT_THAT(reason(send_async(client, {"POST", "/"})), ::testing::HasSubstr("closed without an answer"));
    EXPECT_EQ(peer.accepted(), 1);
}

TEST_F(ClientTest, ReadsPastInterimAnswersAndChunks) {
    loop_.start();
    TcpPeer peer;
    Client client(loop_, peer.url());
    peer.script(
        {"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
         "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"});
    EXPECT_EQ(send(client, {"GET", "/"}).body, "abc");
}

TEST_F(ClientTest, RefusesAnAnswerWithTooLargeABody) {
    start();
    Client client(loop_, server_->url(), 1, 1024);
    EXPECT_THAT(reason(send_async(client, get("/large", 10s))), ::testing::HasSubstr("body limit"));
}

TEST_F(ClientTest, SendsNothingThatCouldBeTwoRequests) {
    start();
    Client client(loop_, server_->url());
    EXPECT_THROW(send(client, {"GET", "/a b"}), std::invalid_argument);
    EXPECT_THROW(send(client, {"GET", "/\r\nX: y"}), std::invalid_argument);
    EXPECT_THROW(send(client, {"GET", "/", {{"A", "b\r\nC: d"}}}), std::invalid_argument);
    EXPECT_THROW(send(client, {"GE T", "/"}), std::invalid_argument);
}

TEST_F(ClientTest, RefusesHttpsByName) {
    try {
        Client client(loop_, "https://example.org");
        FAIL();
    } catch (const std::invalid_argument& error) {
        EXPECT_THAT(error.what(), ::testing::HasSubstr("TLS ends at the ingress"));
    }
}

TEST_F(ClientTest, BlocksForTheCommandLine) {
    start();
    http::BlockingClient client(server_->url());
    EXPECT_EQ(client.send({"GET", "/hello"}).body, "hello\n");
    EXPECT_EQ(client.send({"POST", "/echo", {}, "again"}).body, "again");
    EXPECT_EQ(open_connections(), 1);
    EXPECT_EQ(http::fetch(server_->url() + "/users/bob?x=1", {}).body, "bob");
    EXPECT_THROW(http::fetch("http://127.0.0.1:" + std::to_string(unused_port()), {}), Unavailable);
}

}  // namespace
}  // namespace nearline::test
