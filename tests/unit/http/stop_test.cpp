#include <atomic>
#include <sys/resource.h>
#include <unistd.h>
#include <vector>

#include "unit/http/server_fixture.hpp"

namespace nearline::test {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

const std::string hello = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n";
const std::string slow = "GET /slow?ms=300 HTTP/1.1\r\nHost: a\r\n\r\n";

class StopTest : public ServerTest {
protected:
    static bool can_connect(int port) {
        try {
            RawClient client(port);
            return true;
        } catch (const std::exception&) {
            return false;
        }
    }
};

TEST_F(StopTest, DrainLetsRequestsEndAndClosesTheRest) {
    start();
    RawClient idle(port());
    EXPECT_EQ(idle.ask(hello).status, 200);
    RawClient busy(port());
    busy.send(slow + hello);
    RawClient fresh(port());
    ASSERT_TRUE(wait_for_connections(3));
    const auto began = steady_clock::now();
    server_->drain(began + 10s);
    EXPECT_LT(steady_clock::now() - began, 2s);
    const auto answer = busy.read_answer();
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.field("Connection"), "close");
    // The second request came too late: after Connection: close nothing more is answered.
    EXPECT_EQ(busy.read_to_end(), "");
    idle.read_to_end();
    EXPECT_TRUE(idle.closed());
    EXPECT_EQ(open_connections(), 0);
    EXPECT_FALSE(can_connect(port()));
}

TEST_F(StopTest, ADrainThatBeginsTooLateStillClosesWhatIsIdle) {
    start();
    RawClient idle(port());
    EXPECT_EQ(idle.ask(hello).status, 200);
    server_->drain(steady_clock::now());
    EXPECT_EQ(open_connections(), 0);
    idle.read_to_end();
    EXPECT_TRUE(idle.closed());
}

TEST_F(StopTest, DrainStillAnswersAKeptConnectionsRequestOnItsWay) {
    start();
    RawClient kept(port());
    EXPECT_EQ(kept.ask(hello).status, 200);
    std::thread drain([&] { server_->drain(steady_clock::now() + 10s); });
    while (can_connect(port())) std::this_thread::sleep_for(1ms);
    const auto answer = kept.ask(hello);
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.field("Connection"), "close");
    kept.close();
    drain.join();
}

TEST_F(StopTest, DrainLosesNoRequestUnderLoad) {
    start();
    std::atomic<int> answered = 0;
    std::atomic<int> lost = 0;
    std::vector<std::thread> clients;
    for (int i = 0; i < 8; ++i)
        clients.emplace_back([&] {
            // As a client that keeps its connection until it is told to close it.
            for (;;) {
                std::unique_ptr<RawClient> client;
                try {
                    client = std::make_unique<RawClient>(port());
                } catch (const std::exception&) {
                    return;
                }
                for (bool first = true;; first = false) {
                    const auto answer = client->ask(hello);
                    if (answer.status == 200)
                        ++answered;
                    else if (!first)
                        ++lost;
                    if (answer.status != 200 || answer.field("Connection") == "close") break;
                }
            }
        });
    while (answered < 500) std::this_thread::sleep_for(1ms);
    server_->drain(steady_clock::now() + 10s);
    for (auto& client : clients) client.join();
    // Who connects after the last accept and before the listener's close is reset, as if it had come later.
    // Nobody on an accepted connection loses anything.
    EXPECT_EQ(lost, 0);
    EXPECT_EQ(open_connections(), 0);
}

TEST_F(StopTest, DrainGivesUpAtTheDeadlineAndStopCancelsTheHandlers) {
    start();
    RawClient client(port());
    client.send("GET /slow?ms=60000 HTTP/1.1\r\nHost: a\r\n\r\n");
    ASSERT_TRUE(wait_for_connections(1));
    const auto began = steady_clock::now();
    server_->drain(began + 200ms);
    EXPECT_GE(steady_clock::now() - began, 200ms);
    EXPECT_EQ(open_connections(), 1);
    server_->stop();
    EXPECT_LT(steady_clock::now() - began, 3s);
    EXPECT_EQ(open_connections(), 0);
    client.read_to_end();
    EXPECT_TRUE(client.closed());
}

TEST_F(StopTest, StopsWithoutDrainAndTwice) {
    start();
    RawClient idle(port());
    idle.ask(hello);
    RawClient half(port());
    half.send("GET /hel");
    RawClient busy(port());
    busy.send("GET /slow?ms=60000 HTTP/1.1\r\nHost: a\r\n\r\n");
    RawClient stuck(port(), 4096);
    stuck.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
    ASSERT_TRUE(wait_for_connections(4));
    server_->stop();
    EXPECT_EQ(open_connections(), 0);
    server_->stop();
    const auto began = steady_clock::now();
    server_->drain(began + 10s);
    EXPECT_LT(steady_clock::now() - began, 5s);
}

TEST_F(StopTest, EndsInAnyOrder) {
    { http::Server never_started(loop_, {}, routes(), metrics_); }
    start();
    RawClient busy(port());
    busy.send("GET /slow?ms=60000 HTTP/1.1\r\nHost: a\r\n\r\n");
    ASSERT_TRUE(wait_for_connections(1));
    // The wrong order, but nothing may crash or hang: the loop first, with a handler that waits.
    loop_.stop();
    server_->stop();
    server_.reset();
}

TEST_F(StopTest, OutlivesClientsThatGoAway) {
    start();
    for (int i = 0; i < 20; ++i) {
        RawClient client(port());
        client.send(i % 2 == 0 ? slow : "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhel");
        client.close(i % 4 < 2);
    }
    RawClient half(port());
    half.send(slow);
    half.shutdown_send();
    EXPECT_EQ(half.read_answer().status, 200);
    half.close();
    EXPECT_TRUE(wait_for_connections(0));
    RawClient client(port());
    EXPECT_EQ(client.ask(hello).status, 200);
}

TEST_F(StopTest, FreesThePortAtOnce) {
    start();
    const int old_port = port();
    RawClient client(old_port);
    client.ask("GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    server_->drain(steady_clock::now() + 5s);
    server_.reset();
    http::ServerOptions options;
    options.port = old_port;
    options.service = "test";
    server_ = std::make_unique<http::Server>(loop_, options, routes(), metrics_);
    server_->start();
    EXPECT_EQ(RawClient(old_port).ask(hello).status, 200);
}

/// Lowers the number of descriptors this process may have, for a while.
class FewDescriptors {
public:
    explicit FewDescriptors(rlim_t most) {
        ::getrlimit(RLIMIT_NOFILE, &before_);
        const rlimit few{most, before_.rlim_max};
        ::setrlimit(RLIMIT_NOFILE, &few);
    }
    ~FewDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }
    FewDescriptors(const FewDescriptors&) = delete;
    FewDescriptors& operator=(const FewDescriptors&) = delete;

private:
    rlimit before_{};
};

TEST_F(StopTest, GoesOnWhenDescriptorsRunOut) {
    start();
    auto first = std::make_unique<RawClient>(port());
    EXPECT_EQ(first->ask(hello).status, 200);
    const int next = ::dup(0);
    ::close(next);
    {
        // One more for the client's end, none for the server's: it takes the idle one's.
        const FewDescriptors few(static_cast<rlim_t>(next) + 1);
        RawClient second(port());
        second.send(hello);
        EXPECT_EQ(second.read_answer().status, 200);
    }
    EXPECT_EQ(RawClient(port()).ask(hello).status, 200);
}

}  // namespace
}  // namespace nearline::test
