#include "gateway/backlog.hpp"

#include <gtest/gtest.h>

namespace nearline::gateway {
namespace {

using namespace std::chrono_literals;
using Position = BacklogEstimate::Position;
constexpr SteadyTime start{};

double seconds(std::chrono::duration<double> time) {
    return time.count();
}

/// Of a topic of one partition.
void sample(BacklogEstimate& backlog, std::int64_t end, std::int64_t committed, SteadyTime now) {
    backlog.sample({Position{.start = 0, .end = end, .committed = committed}}, now);
}

TEST(BacklogTest, NothingThereIsNoWait) {
    BacklogEstimate backlog;
    EXPECT_EQ(seconds(backlog.wait()), 0);
    sample(backlog, 100, 100, start);
    EXPECT_EQ(seconds(backlog.wait()), 0);
}

TEST(BacklogTest, WorksOffWithTheRateThatWasSeen) {
    BacklogEstimate backlog;
    sample(backlog, 1'000, 0, start);
    EXPECT_EQ(seconds(backlog.wait()), 0) << "nothing known yet";
    for (std::int64_t i = 1; i <= 5; ++i) sample(backlog, 1'000, 100 * i, start + i * 1s);
    EXPECT_NEAR(backlog.rate(), 100, 1e-9);
    EXPECT_EQ(backlog.backlog(), 500);
    EXPECT_NEAR(seconds(backlog.wait()), 5, 1e-9);
}

TEST(BacklogTest, WhileNothingMovesItIsAtLeastTheTimeForWhichNothingMoved) {
    BacklogEstimate backlog;
    sample(backlog, 10, 10, start);
    for (int i = 1; i <= 30; ++i) sample(backlog, 12, 10, start + i * 1s);
    EXPECT_NEAR(seconds(backlog.wait()), 30, 1e-9);
    sample(backlog, 12, 12, start + 32s);
    EXPECT_EQ(seconds(backlog.wait()), 0);
}

TEST(BacklogTest, AQuietTimeDoesNotMakeTheGroupSlow) {
    BacklogEstimate backlog;
    std::int64_t at = 0;
    SteadyTime now = start;
    sample(backlog, at, at, now);
    at += 5'000;
    sample(backlog, at, at, now += 1s);  // could do 5000 a second
    for (int i = 0; i < 60; ++i) {
        ++at;
        sample(backlog, at, at, now += 1s);
    }
    sample(backlog, at + 10'000, at, now += 1s);
    EXPECT_NEAR(seconds(backlog.wait()), 2, 0.1);
}

TEST(BacklogTest, ABusyGroupThatSlowsDownIsSeenToBeSlow) {
    BacklogEstimate backlog;
    SteadyTime now = start;
    std::int64_t done = 0;
    sample(backlog, 100'000, done, now);
    sample(backlog, 100'000, done += 1'000, now += 1s);
    for (int i = 0; i < 30; ++i) sample(backlog, 100'000, done += 10, now += 1s);
    EXPECT_NEAR(backlog.rate(), 10, 1);
}

TEST(BacklogTest, OffsetsThatGoBackAreNoRate) {
    BacklogEstimate backlog;
    sample(backlog, 100, 50, start);
    sample(backlog, 100, 10, start + 1s);
    EXPECT_EQ(backlog.rate(), 0);
    EXPECT_EQ(backlog.backlog(), 90);
    sample(backlog, 5, 10, start + 2s);
    EXPECT_EQ(backlog.backlog(), 0);
}

TEST(BacklogTest, PartitionsAddUp) {
    BacklogEstimate backlog;
    backlog.sample({Position{0, 100, 50}, Position{0, 1'000, 0}}, start);
    backlog.sample({Position{0, 100, 60}, Position{0, 1'000, 20}}, start + 1s);
    EXPECT_EQ(backlog.backlog(), 1'020);
    EXPECT_NEAR(backlog.rate(), 30, 1e-9);
}

TEST(BacklogTest, APartitionThatCanNotBeAskedStandsWhereItDid) {
    BacklogEstimate backlog;
    backlog.sample({Position{0, 10, 10}, Position{0, 20, 10}}, start);
    for (int i = 1; i <= 30; ++i) backlog.sample({Position{0, 10 + i, 10 + i}, std::nullopt}, start + i * 1s);
    EXPECT_EQ(backlog.backlog(), 10);
    EXPECT_LT(seconds(backlog.wait()), 11) << "ten records at one a second";
    for (int i = 31; i <= 60; ++i) backlog.sample({Position{0, 40, 40}, std::nullopt}, start + i * 1s);
    EXPECT_LT(seconds(backlog.wait()), 11) << "the others have nothing to do";
    backlog.sample({Position{0, 40, 40}, Position{0, 20, 20}}, start + 61s);
    EXPECT_EQ(backlog.backlog(), 0);
}

TEST(BacklogTest, WhatAPartitionHasBehindItWhenItIsFirstSeenIsNoRate) {
    BacklogEstimate backlog;
    backlog.sample({Position{0, 10, 10}, std::nullopt}, start);
    backlog.sample({Position{0, 20, 20}, Position{0, 1'000'000, 999'900}}, start + 1s);
    EXPECT_NEAR(backlog.rate(), 10, 1e-9);
    EXPECT_EQ(backlog.backlog(), 100);
}

TEST(BacklogTest, WhatRetentionDeletesIsNoWorkDone) {
    BacklogEstimate backlog;
    backlog.sample({Position{.start = 0, .end = 10, .committed = 10}}, start);
    for (int i = 1; i <= 30; ++i)
        backlog.sample({Position{.start = 5 + i, .end = 20 + i, .committed = 10}}, start + i * 1s);
    EXPECT_EQ(backlog.backlog(), 15);
    EXPECT_EQ(backlog.rate(), 0);
    EXPECT_NEAR(seconds(backlog.wait()), 30, 1e-9) << "nothing has moved";
    backlog.sample({Position{.start = 35, .end = 50, .committed = 40}}, start + 31s);
    EXPECT_NEAR(backlog.rate(), 5, 1e-9) << "it goes on at what is left";
}

}  // namespace
}  // namespace nearline::gateway
