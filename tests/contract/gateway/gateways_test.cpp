#include <atomic>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <thread>

#include "fixture.hpp"
#include "worker.hpp"

namespace nearline::test {
namespace {

using namespace std::chrono_literals;

/// Clients that send requests, each with its own numbers, until they are stopped.
class Load {
public:
    Load(std::vector<std::string> urls, int clients) {
        for (int i = 0; i < clients; ++i) {
            threads_.emplace_back([this, url = urls[static_cast<std::size_t>(i) % urls.size()], i] { run(url, i); });
        }
    }
    ~Load() { stop(); }
    void stop() {
        stopping_ = true;
        for (auto& thread : threads_) thread.join();
        threads_.clear();
    }
    bool reach(int answers) {
        const int goal = answered + answers;
        return eventually([&] { return answered >= goal; }, 60s);
    }

    std::atomic<int> answered{0};
    std::atomic<int> accepted{0};
    std::atomic<int> wrong{0};    // somebody else's answer
    std::atomic<int> refused{0};  // any other status
    std::atomic<int> broken{0};   // no answer

private:
    void run(const std::string& url, int number) {
        http::BlockingClient client(url);
        const Person person;
        for (int i = 0; !stopping_; ++i) {
            const std::string body = "{\"sepal_length\":" + std::to_string(number) +
                                     ".5,\"sepal_width\":" + std::to_string(i) +
                                     ".5,\"petal_length\":1.5,\"petal_width\":0.5}";
            try {
                const auto response =
                    client.send({"POST",
                                 "/predict",
                                 {{"Authorization", person.authorization()}, {"Content-Type", "application/json"}},
                                 body});
                if (response.status == 202) ++accepted;
                if (response.status != 200) {
                    if (response.status != 202) ++refused;
                    continue;
                }
                response.body.starts_with(body.substr(0, body.size() - 1)) ? ++answered : ++wrong;
            } catch (const Unavailable&) {
                ++broken;
                return;
            }
        }
    }

    std::atomic<bool> stopping_{false};
    std::vector<std::thread> threads_;
};

double read(const Gateway& gateway, const std::string& mine) {
    return gateway.count("nearline_gateway_answers_read_total", {{"mine", mine}});
}

TEST(Gateways, ShareThePartitionsAndEachAnswerIsReadByOne) {
    World world(6);
    Worker worker(*world.stream, world.registry);
    Gateway one(world);
    Gateway other(world);
    one.wait_until_ready().wait_until_owning(3);
    other.wait_until_ready().wait_until_owning(3);
    Load load({one.url(), other.url()}, 4);
    ASSERT_TRUE(load.reach(200));
    load.stop();
    EXPECT_EQ(load.wrong, 0);
    EXPECT_EQ(load.refused, 0);
    EXPECT_EQ(load.accepted, 0);
    EXPECT_GT(read(one, "true"), 0);
    EXPECT_GT(read(other, "true"), 0);
    EXPECT_EQ(read(one, "true") + read(other, "true"), load.answered);
    EXPECT_EQ(read(one, "false") + read(other, "false"), 0);
}

TEST(Gateways, OneThatComesAndOneThatGoesCostNoRequest) {
    World world(6);
    Worker worker(*world.stream, world.registry);
    Gateway one(world);
    one.wait_until_ready().wait_until_owning(6);
    Load load({one.url()}, 4);
    ASSERT_TRUE(load.reach(50));
    {
        Gateway other(world);
        other.wait_until_ready().wait_until_owning(3);
        one.wait_until_owning(3);
        ASSERT_TRUE(load.reach(50));
        Load more({other.url()}, 2);
        ASSERT_TRUE(more.reach(50));
        other.stop();
        EXPECT_EQ(more.wrong + more.refused, 0);
    }
    one.wait_until_owning(6);
    ASSERT_TRUE(load.reach(50));
    load.stop();
    EXPECT_EQ(load.wrong, 0);
    EXPECT_EQ(load.refused, 0);
    EXPECT_EQ(load.accepted, 0);
    EXPECT_EQ(load.broken, 0);
}

TEST(Gateways, WhatIsAwaitedIsReadAfterThePartitionHasMoved) {
    World world(2);
    const Person person;
    Gateway one(world);
    one.wait_until_ready().wait_until_owning(2);
    std::vector<std::string> locations;
    for (int i = 0; i < 130; ++i) {  // on both partitions
        const auto response = one.predict(person, setosa, {{"Prefer", "respond-async"}});
        ASSERT_EQ(response.status, 202);
        locations.push_back(header(response, "Location"));
    }
    Gateway other(world);
    other.wait_until_ready().wait_until_owning(1);
    one.wait_until_owning(1);
    EXPECT_EQ(one.count("nearline_gateway_reply_partitions", {{"kind", "awaited"}}), 1);
    Worker worker(*world.stream, world.registry);
    for (const auto& location : locations) {
        EXPECT_TRUE(eventually([&] { return one.get(person, location).status == 200; }));
    }
    EXPECT_TRUE(eventually([&] { return one.count("nearline_gateway_reply_partitions", {{"kind", "awaited"}}) == 0; }));
}

TEST(Gateways, MoreThanPartitionsWork) {
    World world(2);
    Worker worker(*world.stream, world.registry);
    std::vector<std::unique_ptr<Gateway>> gateways;
    for (int i = 0; i < 4; ++i) gateways.push_back(std::make_unique<Gateway>(world));
    std::vector<std::string> urls;
    for (const auto& gateway : gateways) {
        gateway->wait_until_ready();
        urls.push_back(gateway->url());
    }
    Load load(urls, 4);
    ASSERT_TRUE(load.reach(200));
    load.stop();
    EXPECT_EQ(load.wrong, 0);
    EXPECT_EQ(load.refused, 0);
    EXPECT_EQ(load.accepted, 0);
    int borrowing = 0;
    for (const auto& gateway : gateways) {
        borrowing += static_cast<int>(gateway->count("nearline_gateway_reply_partitions", {{"kind", "borrowed"}}));
    }
    EXPECT_EQ(borrowing, 2);
}

TEST(Gateways, StopUnderLoadAnswersEverybody) {
    World world(4);
    Worker worker(*world.stream, world.registry);
    auto gateway = std::make_unique<Gateway>(world);
    gateway->wait_until_ready();
    Load load({gateway->url()}, 8);
    ASSERT_TRUE(load.reach(100));
    gateway->stop();
    load.stop();
    EXPECT_EQ(load.wrong, 0);
    EXPECT_EQ(load.refused, 0);
}

}  // namespace
}  // namespace nearline::test
