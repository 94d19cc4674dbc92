#include "http/worker_pool.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <future>
#include <gtest/gtest.h>
#include <latch>
#include <stdexcept>
#include <vector>

#include "http/event_loop.hpp"

namespace nearline::http {
namespace {

namespace asio = boost::asio;

class WorkerPoolTest : public ::testing::Test {
public:
    WorkerPoolTest() { loop_.start(); }
    ~WorkerPoolTest() override { pool_.join(); }

protected:
    template <class Work>
    auto run(Work work) {
        return asio::co_spawn(loop_.executor(), pool_.try_run(std::move(work)), asio::use_future);
    }

    Metrics metrics_;
    Gauge depth_ = metrics_.gauge("depth", "of the pool");
    EventLoop loop_{"pool"};
    WorkerPool pool_{2, 3, depth_};
};

TEST_F(WorkerPoolTest, GivesWhatTheWorkGives) {
    EXPECT_EQ(42, run([] { return 42; }).get());
    EXPECT_THROW(run([]() -> int { throw std::out_of_range("no"); }).get(), std::out_of_range);
    EXPECT_EQ(0, depth_.value());
}

TEST_F(WorkerPoolTest, RefusesWhatDoesNotFit) {
    std::latch release(1);
    std::vector<std::future<std::optional<bool>>> fitting;
    fitting.reserve(5);
    for (int i = 0; i < 5; ++i) {  // two run, three wait
        fitting.push_back(run([&release] {
            release.wait();
            return true;
        }));
    }
    EXPECT_EQ(std::nullopt, run([] { return true; }).get());
    EXPECT_EQ(std::nullopt, run([] { return true; }).get());
    EXPECT_EQ(5, depth_.value());
    release.count_down();
    for (auto& each : fitting) EXPECT_EQ(true, each.get());
    EXPECT_EQ(true, run([] { return true; }).get()) << "there is room again";
    EXPECT_EQ(0, depth_.value());
}

TEST_F(WorkerPoolTest, WorkThatThrowsGivesItsPlaceBack) {
    for (int i = 0; i < 20; ++i) {
        EXPECT_THROW(run([]() -> int { throw std::out_of_range("no"); }).get(), std::out_of_range);
    }
    EXPECT_EQ(0, depth_.value());
}

TEST_F(WorkerPoolTest, WhatIsPostedHasTheSameBound) {
    std::latch release(1);
    std::latch done(5);
    for (int i = 0; i < 5; ++i) {
        EXPECT_TRUE(pool_.try_post([&] {
            release.wait();
            done.count_down();
        }));
    }
    EXPECT_FALSE(pool_.try_post([] {}));
    EXPECT_EQ(std::nullopt, run([] { return true; }).get());
    EXPECT_EQ(5, depth_.value());
    release.count_down();
    done.wait();
    pool_.join();
    EXPECT_EQ(0, depth_.value());
}

}  // namespace
}  // namespace nearline::http
