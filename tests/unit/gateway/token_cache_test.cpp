#include "gateway/token_cache.hpp"

#include <gtest/gtest.h>

namespace nearline::gateway {
namespace {

using namespace std::chrono_literals;
constexpr SteadyTime start{};

TEST(TokenCacheTest, KeepsAYesForAWhileFromWhenItWasAsked) {
    TokenCache cache(30s, 10);
    EXPECT_FALSE(cache.find("token", start));
    cache.put("token", {true}, start);
    EXPECT_TRUE(cache.find("token", start + 29s)->admin);
    EXPECT_FALSE(cache.find("other", start + 29s));
    EXPECT_FALSE(cache.find("token", start + 30s));
    EXPECT_EQ(cache.size(), 0U);
}

TEST(TokenCacheTest, ANewAnswerReplacesTheOld) {
    TokenCache cache(30s, 10);
    cache.put("token", {true}, start);
    cache.put("token", {false}, start + 10s);
    EXPECT_FALSE(cache.find("token", start + 35s)->admin);
    cache.erase("token");
    EXPECT_FALSE(cache.find("token", start + 35s));
}

TEST(TokenCacheTest, IsBounded) {
    TokenCache cache(30s, 10);
    for (int i = 0; i < 100; ++i) cache.put(std::to_string(i), {}, start);
    EXPECT_EQ(cache.size(), 10U);
    EXPECT_TRUE(cache.find("99", start));
    EXPECT_FALSE(cache.find("1", start));
}

}  // namespace
}  // namespace nearline::gateway
