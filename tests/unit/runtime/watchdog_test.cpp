#include "runtime/watchdog.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nearline {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

const SteadyTime start{1'000s};

TEST(ProgressJudge, IsContentWithNothingToDoAndWithWhatEndsInTime) {
    ProgressJudge judge(60s);
    EXPECT_EQ(judge.look({}, start), "");
    EXPECT_EQ(judge.look({}, start + 1h), "") << "idle is not stuck";
    EXPECT_EQ(judge.look({.oldest = start + 1h}, start + 1h + 59s), "");
    EXPECT_EQ(judge.look({.oldest = start + 1h + 30s}, start + 1h + 80s), "")
        << "the oldest has ended, and others came";
}

TEST(ProgressJudge, SaysSinceWhenNothingEndsUntilItDoes) {
    ProgressJudge judge(60s);
    EXPECT_EQ(judge.look({.oldest = start}, start + 30s), "");
    EXPECT_THAT(judge.look({.oldest = start}, start + 60s), HasSubstr("60 s"));
    EXPECT_THAT(judge.look({.oldest = start}, start + 90s), HasSubstr("90 s"));
    EXPECT_EQ(judge.look({.oldest = start + 85s}, start + 91s), "");
}

TEST(ProgressJudge, DoesNotCountTheTimeInWhichADependencyIsMissing) {
    ProgressJudge judge(60s);
    EXPECT_EQ(judge.look({.oldest = start, .is_excused = true}, start + 10s), "");
    EXPECT_EQ(judge.look({.oldest = start, .is_excused = true}, start + 500s), "");
    EXPECT_EQ(judge.look({.oldest = start}, start + 501s), "") << "it has only just come back";
    EXPECT_EQ(judge.look({.oldest = start}, start + 530s), "");
    EXPECT_EQ(judge.look({.oldest = start}, start + 559s), "");
    EXPECT_NE(judge.look({.oldest = start}, start + 560s), "");
    EXPECT_EQ(judge.look({.oldest = start, .is_excused = true}, start + 561s), "")
        << "the reason is known now, and a restart mends nothing";
}

TEST(ProgressJudge, WantsTheThreadToComeRoundThoughItHasNothing) {
    ProgressJudge judge(60s);
    EXPECT_EQ(judge.look({.turned = start}, start + 30s), "");
    EXPECT_EQ(judge.look({.turned = start + 29s}, start + 59s), "");
    EXPECT_THAT(judge.look({.turned = start + 29s}, start + 89s), HasSubstr("its thread has hung for 60 s"));
    EXPECT_EQ(judge.look({.turned = start + 29s, .is_excused = true}, start + 90s), "");
    EXPECT_EQ(judge.look({}, start + 91s), "") << "it waits, and says so";
}

TEST(ProgressJudge, DoesNotCountTheTimeInWhichItWasStoppedItself) {
    ProgressJudge judge(60s);
    EXPECT_EQ(judge.look({.oldest = start, .turned = start}, start + 1s), "");
    EXPECT_EQ(judge.look({.oldest = start, .turned = start}, start + 1h), "") << "a stopped process goes on";
    EXPECT_EQ(judge.look({.oldest = start, .turned = start}, start + 1h + 20s), "");
    EXPECT_EQ(judge.look({.oldest = start, .turned = start}, start + 1h + 40s), "");
    EXPECT_NE(judge.look({.oldest = start, .turned = start}, start + 1h + 60s), "");
}

TEST(ProgressJudge, CanBeTurnedOff) {
    ProgressJudge judge(0s);
    EXPECT_EQ(judge.look({.oldest = start}, start + 24h), "");
}

bool soon(const std::function<bool()>& condition, SteadyTime::duration time = 10s) {
    const auto deadline = std::chrono::steady_clock::now() + time;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        std::this_thread::sleep_for(1ms);
    }
    return true;
}

TEST(Watchdog, TellsHealthAndTakesItBackWithProgress) {
    Metrics metrics;
    Health health(metrics);
    Watchdog watchdog(health, "prediction", {"kafka", "schema registry"}, 50ms);
    watchdog.start();
    EXPECT_TRUE(
        soon([&] { return metrics.exposition().find("nearline_stuck{part=\"prediction\"} 0") != std::string::npos; }));
    watchdog.holds(std::chrono::steady_clock::now());
    EXPECT_TRUE(soon([&] { return health.healthz().status == 503; }));
    watchdog.holds(std::nullopt);
    EXPECT_TRUE(soon([&] { return health.healthz().status == 200; }));
    watchdog.holds(std::chrono::steady_clock::now());
    EXPECT_TRUE(soon([&] { return health.healthz().status == 503; }));
    health.down("model file", "is no model");
    EXPECT_FALSE(soon([&] { return health.healthz().status == 200; }, 200ms)) << "which it can do without";
    health.down("kafka", "no broker answers");
    EXPECT_TRUE(soon([&] { return health.healthz().status == 200; }));
    health.up("kafka");
    EXPECT_TRUE(soon([&] { return health.healthz().status == 503; }));
    watchdog.stop();
    EXPECT_EQ(health.healthz().status, 200);
}

}  // namespace
}  // namespace nearline
