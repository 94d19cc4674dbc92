#include <atomic>
#include <future>
#include <vector>

#include "unit/http/server_fixture.hpp"

namespace nearline::test {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;
using ::testing::HasSubstr;

const std::string hello = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n";

class LimitsTest : public ServerTest {
protected:
    static http::ServerOptions hasty() {
        http::ServerOptions options;
        options.header_timeout = 150ms;
        options.body_timeout = 200ms;
        options.idle_timeout = 250ms;
        options.write_timeout = 300ms;
        return options;
    }
};

TEST_F(LimitsTest, RefusesALargeBodyThatWasAnnounced) {
    start();
    RawClient client(port());
    // The client sends all of it before it reads, as most do.
    const std::size_t size = 10 << 20;
    client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n");
    EXPECT_TRUE(client.send(std::string(size, 'x')));
    const auto answer = client.read_answer();
    EXPECT_EQ(answer.status, 413);
    EXPECT_EQ(answer.field("Connection"), "close");
    EXPECT_THAT(answer.body, HasSubstr("1048576 bytes"));
    client.shutdown_send();
    client.read_to_end();
    EXPECT_TRUE(client.closed());
}

TEST_F(LimitsTest, RefusesALargeBodyInChunks) {
    start();
    RawClient client(port());
    client.send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    const auto chunk = "10000\r\n" + std::string(0x10000, 'x') + "\r\n";
    for (int i = 0; i < 40; ++i) client.send(chunk);
    client.send("0\r\n\r\n");
    EXPECT_EQ(client.read_answer().status, 413);
}

TEST_F(LimitsTest, RefusesChunksThatAreMostlyHeaders) {
    start();
    RawClient client(port());
    std::string chunks;
    for (int i = 0; i < 1000; ++i) chunks += "1;" + std::string(1000, 'a') + "\r\nx\r\n";
    client.send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 10 && client.send(chunks); ++i) {
    }
    EXPECT_EQ(client.read_answer().status, 413);
}

TEST_F(LimitsTest, TakesABodyUpToTheLimit) {
    start();
    RawClient client(port());
    for (const std::size_t size : {1U << 20, 1U << 19}) {
        client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n");
        client.send(std::string(size, 'x'));
        EXPECT_EQ(client.read_answer().body.size(), size);
    }
    // The limit holds for every request of a connection.
    EXPECT_EQ(client.ask("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1048577\r\n\r\n").status, 413);
}

TEST_F(LimitsTest, StopsReadingAnEndlessBody) {
    start();
    RawClient client(port());
    client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 999999999999\r\n\r\n");
    const std::string part(1 << 20, 'x');
    std::size_t sent = 0;
    while (sent < 64 && client.send(part)) ++sent;
    // 16 MiB, and what the sockets' buffers hold.
    EXPECT_LT(sent, 48U);
}

TEST_F(LimitsTest, AnswersExpectations) {
    start();
    RawClient client(port());
    const std::string fields = "Host: a\r\nExpect: 100-continue\r\nContent-Length: ";
    EXPECT_EQ(client.ask("POST /echo HTTP/1.1\r\n" + fields + "5\r\n\r\n").status, 100);
    EXPECT_EQ(client.ask("hello").body, "hello");
    // The body is there already: no need to ask for it.
    EXPECT_EQ(client.ask("POST /echo HTTP/1.1\r\n" + fields + "5\r\n\r\nhello").body, "hello");
    // What would be refused is refused before the body is sent.
    EXPECT_EQ(RawClient(port()).ask("POST /echo HTTP/1.1\r\n" + fields + "9999999\r\n\r\n").status, 413);
    EXPECT_EQ(RawClient(port()).ask("POST /nothing HTTP/1.1\r\n" + fields + "5\r\n\r\n").status, 404);
    EXPECT_EQ(RawClient(port()).ask("POST /hello HTTP/1.1\r\n" + fields + "5\r\n\r\n").status, 405);
    EXPECT_EQ(RawClient(port()).ask("POST /echo HTTP/1.1\r\nHost: a\r\nExpect: x\r\n\r\n").status, 417);
}

TEST_F(LimitsTest, BoundsTheHeader) {
    start();
    EXPECT_EQ(
        RawClient(port()).ask("GET /hello HTTP/1.1\r\nHost: a\r\nA: " + std::string(15 << 10, 'x') + "\r\n\r\n").status,
        200);
    EXPECT_EQ(
        RawClient(port()).ask("GET /hello HTTP/1.1\r\nHost: a\r\nA: " + std::string(1 << 20, 'x') + "\r\n\r\n").status,
        431);
    EXPECT_EQ(RawClient(port()).ask("GET /" + std::string(17 << 10, 'x')).status, 431);
    // Also behind a large body, when the buffer has grown.
    RawClient client(port());
    EXPECT_EQ(client
                  .ask("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n" + std::string(100000, 'x') +
                       "GET /hello HTTP/1.1\r\nHost: a\r\nA: " + std::string(17 << 10, 'x') + "\r\n\r\n")
                  .status,
              200);
    EXPECT_EQ(client.read_answer().status, 431);
}

TEST_F(LimitsTest, GivesUpOnASlowHeader) {
    start(hasty());
    RawClient client(port());
    const auto began = steady_clock::now();
    // One byte now and then keeps nobody waiting longer.
    std::atomic<bool> answered = false;
    const auto trickle = std::async(std::launch::async, [&] {
        for (const char byte :
             std::string_view("GET /hello HTTP/1.1\r\nHost: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")) {
            if (answered || !client.send({&byte, 1})) return;
            std::this_thread::sleep_for(20ms);
        }
    });
    const auto answer = client.read_answer();
    answered = true;
    EXPECT_EQ(answer.status, 408);
    EXPECT_EQ(answer.field("Connection"), "close");
    EXPECT_LT(steady_clock::now() - began, 1s);
}

TEST_F(LimitsTest, GivesUpOnASlowBody) {
    start(hasty());
    RawClient client(port());
    EXPECT_EQ(client.ask("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhel").status, 408);
    RawClient chunked(port());
    EXPECT_EQ(chunked.ask("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel").status, 408);
}

TEST_F(LimitsTest, ClosesWhoSendsNothing) {
    start(hasty());
    RawClient silent(port());
    EXPECT_EQ(silent.read_to_end(2s), "");
    EXPECT_TRUE(silent.closed());
    RawClient kept(port());
    EXPECT_EQ(kept.ask(hello).status, 200);
    EXPECT_EQ(kept.read_to_end(2s), "");
    EXPECT_TRUE(kept.closed());
}

TEST_F(LimitsTest, LetsAHandlerTakeItsTime) {
    start(hasty());
    RawClient client(port());
    EXPECT_EQ(client.ask("GET /slow?ms=600 HTTP/1.1\r\nHost: a\r\n\r\n").status, 200);
    EXPECT_EQ(client.ask(hello).status, 200);
}

TEST_F(LimitsTest, CutsOffWhoDoesNotRead) {
    start(hasty());
    RawClient client(port(), 4096);
    client.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_TRUE(wait_for_connections(1));
    EXPECT_TRUE(wait_for_connections(0));
}

TEST_F(LimitsTest, SendsALargeAnswerWhole) {
    start();
    RawClient client(port(), 64 << 10);
    client.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(client.read_answer().body, std::string(32 << 20, 'x'));
    EXPECT_EQ(client.ask(hello).status, 200);
}

TEST_F(LimitsTest, GivesTheLongestIdleConnectionsPlaceAway) {
    http::ServerOptions options;
    options.max_connections = 3;
    options.min_idle = std::chrono::milliseconds(0);
    start(options);
    RawClient first(port());
    EXPECT_EQ(first.ask(hello).status, 200);
    RawClient second(port());
    EXPECT_EQ(second.ask(hello).status, 200);
    RawClient third(port());
    EXPECT_EQ(third.ask(hello).status, 200);
    EXPECT_EQ(first.ask(hello).status, 200);
    RawClient fourth(port());
    EXPECT_EQ(fourth.ask(hello).status, 200);
    EXPECT_EQ(second.read_to_end(), "");
    EXPECT_TRUE(second.closed());
    EXPECT_EQ(first.ask(hello).status, 200);
    EXPECT_EQ(third.ask(hello).status, 200);
    EXPECT_EQ(open_connections(), 3);
}

TEST_F(LimitsTest, GivesAPlaceAwayThatOnlyHasTheBeginningOfAHeader) {
    http::ServerOptions options;
    options.max_connections = 2;
    options.min_idle = std::chrono::milliseconds(0);
    start(options);
    RawClient first(port()), second(port());
    for (auto* client : {&first, &second}) {
        EXPECT_EQ(client->ask(hello).status, 200);  // what the one before has sent has come, too
        client->send("GET /hello HTTP/1.1\r\n");
        client->send("Host");
    }
    RawClient third(port());
    EXPECT_EQ(third.ask(hello).status, 200);
    EXPECT_EQ(first.read_to_end(), "");
    EXPECT_TRUE(first.closed());
    second.send(": a\r\n\r\n");
    EXPECT_EQ(second.read_answer().status, 200);
}

TEST_F(LimitsTest, GivesNoPlaceAwayThatIsOnlyBetweenTwoRequests) {
    http::ServerOptions options;
    options.max_connections = 2;
    options.min_idle = std::chrono::seconds(60);
    start(options);
    RawClient first(port());
    auto second = std::make_unique<RawClient>(port());
    EXPECT_EQ(first.ask(hello).status, 200);
    EXPECT_EQ(second->ask(hello).status, 200);
    RawClient third(port());
    third.send(hello);
    // Each falls idle anew while somebody wants its place.
    for (int i = 0; i < 100; ++i) {
        EXPECT_EQ(first.ask(hello).status, 200);
        EXPECT_EQ(second->ask(hello).status, 200);
    }
    second.reset();
    EXPECT_EQ(third.read_answer().status, 200) << "as soon as one goes";
}

TEST_F(LimitsTest, LetsNewConnectionsWaitWhileAllAreAtWork) {
    http::ServerOptions options;
    options.max_connections = 2;
    options.min_idle = std::chrono::milliseconds(1);
    start(options);
    std::vector<std::unique_ptr<RawClient>> clients;
    for (int i = 0; i < 8; ++i) {
        clients.push_back(std::make_unique<RawClient>(port()));
        clients.back()->send("GET /slow?ms=50 HTTP/1.1\r\nHost: a\r\n\r\n");
    }
    for (const auto& client : clients) {
        EXPECT_EQ(client->read_answer().status, 200);
        EXPECT_LE(open_connections(), 2);
    }
}

}  // namespace
}  // namespace nearline::test
