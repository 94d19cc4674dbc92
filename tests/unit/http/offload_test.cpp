#include "http/offload.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <gtest/gtest.h>
#include <memory>
#include <stdexcept>
#include <thread>

#include "http/event_loop.hpp"

namespace nearline::http {
namespace {

class Offload : public ::testing::Test {
protected:
    Offload() { loop_.start(); }
    ~Offload() override { pool_.join(); }

    template <class T>
    T run(boost::asio::awaitable<T> task) {
        return boost::asio::co_spawn(loop_.executor(), std::move(task), boost::asio::use_future).get();
    }

    EventLoop loop_{"offload"};
    boost::asio::thread_pool pool_{2};
};

boost::asio::awaitable<bool> runs_elsewhere_and_comes_back(boost::asio::thread_pool& pool) {
    const auto here = std::this_thread::get_id();
    const auto there = co_await offload(pool, [] { return std::this_thread::get_id(); });
    co_return here != there&& here == std::this_thread::get_id();
}

TEST_F(Offload, RunsOnThePoolAndComesBackToTheLoop) {
    EXPECT_TRUE(run(runs_elsewhere_and_comes_back(pool_)));
}

boost::asio::awaitable<int> moves_through(boost::asio::thread_pool& pool) {
    // Neither default-constructible nor copyable.
    struct Value {
        explicit Value(int n) : number(std::make_unique<int>(n)) {}
        std::unique_ptr<int> number;
    };
    auto input = std::make_unique<int>(41);
    auto work = [input = std::move(input)] { return Value(*input + 1); };
    const auto value = co_await offload(pool, std::move(work));
    co_return *value.number;
}

TEST_F(Offload, MovesWhatIsNotCopyable) {
    EXPECT_EQ(run(moves_through(pool_)), 42);
}

boost::asio::awaitable<int> fails(boost::asio::thread_pool& pool) {
    co_return co_await offload(pool, []() -> int { throw std::out_of_range("no"); });
}

TEST_F(Offload, RethrowsOnTheLoop) {
    EXPECT_THROW(run(fails(pool_)), std::out_of_range);
}

boost::asio::awaitable<bool> does_and_returns_nothing(boost::asio::thread_pool& pool) {
    bool done = false;
    co_await offload(pool, [&done] { done = true; });
    co_return done;
}

TEST_F(Offload, TakesWorkWithoutAResult) {
    EXPECT_TRUE(run(does_and_returns_nothing(pool_)));
}

}  // namespace
}  // namespace nearline::http
