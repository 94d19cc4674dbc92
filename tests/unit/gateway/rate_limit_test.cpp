#include "gateway/rate_limit.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace nearline::gateway {
namespace {

using namespace std::chrono_literals;
constexpr SteadyTime start{};

TEST(RateLimitTest, ZeroIsNoLimit) {
    RateLimit limit(0, 1);
    for (int i = 0; i < 1000; ++i) EXPECT_FALSE(limit.take(Uuid(), start));
    EXPECT_EQ(limit.users(), 0U);
}

TEST(RateLimitTest, ABurstThenTheRate) {
    RateLimit limit(2, 3);
    for (int i = 0; i < 3; ++i) EXPECT_FALSE(limit.take(Uuid(), start));
    EXPECT_EQ(limit.take(Uuid(), start), 1s);
    EXPECT_FALSE(limit.take(Uuid(), start + 500ms));
    EXPECT_EQ(limit.take(Uuid(), start + 500ms), 1s);
}

TEST(RateLimitTest, SaysWhenToComeBack) {
    RateLimit limit(0.1, 1);
    EXPECT_FALSE(limit.take(Uuid(), start));
    EXPECT_EQ(limit.take(Uuid(), start), 10s);
    EXPECT_EQ(limit.take(Uuid(), start + 4s), 6s);
    EXPECT_FALSE(limit.take(Uuid(), start + 10s));
}

TEST(RateLimitTest, UsersHaveTheirOwn) {
    RateLimit limit(1, 1);
    const Uuid one = Uuid::random();
    EXPECT_FALSE(limit.take(one, start));
    EXPECT_FALSE(limit.take(Uuid::random(), start));
    EXPECT_TRUE(limit.take(one, start));
}

TEST(RateLimitTest, RemembersABoundedNumberOfUsers) {
    RateLimit limit(1, 1, 10);
    for (int i = 0; i < 1000; ++i) limit.take(Uuid::random(), start);
    EXPECT_EQ(limit.users(), 10U);
}

TEST(RateLimitProperties, NeverMoreThanTheBurstAndTheRate) {
    const bool holds = rc::check([](const std::vector<std::uint8_t>& gaps) {
        RateLimit limit(5, 10);
        SteadyTime now = start;
        int taken = 0;
        for (const auto gap : gaps) {
            now += gap * 1ms;
            if (!limit.take(Uuid(), now)) ++taken;
        }
        RC_ASSERT(taken <= 10 + 5 * std::chrono::duration<double>(now - start).count() + 1e-6);
    });
    EXPECT_TRUE(holds);
}

}  // namespace
}  // namespace nearline::gateway
