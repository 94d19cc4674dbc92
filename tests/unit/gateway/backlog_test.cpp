#include "gateway/backlog.hpp"

#include <gtest/gtest.h>

namespace nearline::gateway {
namespace {

using namespace std::chrono_literals;
constexpr SteadyTime start{};

double seconds(std::chrono::duration<double> time) {
    return time.count();
}

TEST(BacklogTest, NothingThereIsNoWait) {
    BacklogEstimate backlog;
    EXPECT_EQ(seconds(backlog.wait(start)), 0);
    backlog.sample(100, 100, start);
    EXPECT_EQ(seconds(backlog.wait(start + 100s)), 0);
}

TEST(BacklogTest, WorksOffWithTheRateThatWasSeen) {
    BacklogEstimate backlog;
    backlog.sample(1'000, 0, start);
    EXPECT_EQ(seconds(backlog.wait(start)), 0) << "nothing known yet";
    for (int i = 1; i <= 5; ++i) backlog.sample(1'000, 100 * i, start + i * 1s);
    EXPECT_NEAR(backlog.rate(), 100, 1e-9);
    EXPECT_EQ(backlog.backlog(), 500);
    EXPECT_NEAR(seconds(backlog.wait(start + 5s)), 5, 1e-9);
}

TEST(BacklogTest, WhileNothingMovesItIsAtLeastTheTimeForWhichNothingMoved) {
    BacklogEstimate backlog;
    backlog.sample(10, 10, start);
    for (int i = 1; i <= 30; ++i) backlog.sample(12, 10, start + i * 1s);
    EXPECT_NEAR(seconds(backlog.wait(start + 31s)), 31, 1e-9);
    backlog.sample(12, 12, start + 32s);
    EXPECT_EQ(seconds(backlog.wait(start + 33s)), 0);
}

TEST(BacklogTest, AQuietTimeDoesNotMakeTheGroupSlow) {
    BacklogEstimate backlog;
    std::int64_t at = 0;
    SteadyTime now = start;
    backlog.sample(at, at, now);
    at += 5'000;
    backlog.sample(at, at, now += 1s);  // could do 5000 a second
    for (int i = 0; i < 60; ++i) {
        ++at;
        backlog.sample(at, at, now += 1s);
    }
    backlog.sample(at + 10'000, at, now += 1s);
    EXPECT_NEAR(seconds(backlog.wait(now)), 2, 0.1);
}

TEST(BacklogTest, ABusyGroupThatSlowsDownIsSeenToBeSlow) {
    BacklogEstimate backlog;
    SteadyTime now = start;
    std::int64_t done = 0;
    backlog.sample(100'000, done, now);
    backlog.sample(100'000, done += 1'000, now += 1s);
    for (int i = 0; i < 30; ++i) backlog.sample(100'000, done += 10, now += 1s);
    EXPECT_NEAR(backlog.rate(), 10, 1);
}

TEST(BacklogTest, OffsetsThatGoBackAreNoRate) {
    BacklogEstimate backlog;
    backlog.sample(100, 50, start);
    backlog.sample(100, 10, start + 1s);
    EXPECT_EQ(backlog.rate(), 0);
    EXPECT_EQ(backlog.backlog(), 90);
    backlog.sample(5, 10, start + 2s);
    EXPECT_EQ(backlog.backlog(), 0);
}

}  // namespace
}  // namespace nearline::gateway
