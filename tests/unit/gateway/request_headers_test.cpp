#include "gateway/request_headers.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace nearline::gateway {
namespace {

using namespace std::chrono_literals;

Preferences prefer(std::vector<std::string_view> fields) {
    return parse_prefer(fields);
}

TEST(PreferTest, ReadsWhatItKnows) {
    EXPECT_EQ(prefer({}), (Preferences{}));
    EXPECT_EQ(prefer({"respond-async"}), (Preferences{true, {}}));
    EXPECT_EQ(prefer({"wait=10"}), (Preferences{false, 10s}));
    EXPECT_EQ(prefer({"respond-async, wait=10"}), (Preferences{true, 10s}));
    EXPECT_EQ(prefer({"respond-async", "wait=10"}), (Preferences{true, 10s}));
    EXPECT_EQ(prefer({"Respond-Async , WAIT = 10"}), (Preferences{true, 10s}));
    EXPECT_EQ(prefer({"wait=\"7\""}), (Preferences{false, 7s}));
    EXPECT_EQ(prefer({"wait=0"}), (Preferences{false, 0s}));
}

TEST(PreferTest, LeavesAloneWhatItDoesNotKnow) {
    EXPECT_EQ(prefer({"return=minimal; foo=\"some, wait=3\", wait=4;bar"}), (Preferences{false, 4s}));
    EXPECT_EQ(prefer({"handling=lenient,, ,respond-async;x"}), (Preferences{true, {}}));
    EXPECT_EQ(prefer({"respond-asynchronously, waiting=3"}), (Preferences{}));
    EXPECT_EQ(prefer({"foo=\"\\\"\", wait=2"}), (Preferences{false, 2s}));
}

TEST(PreferTest, TheFirstWaitCountsAndAMalformedOneIsNone) {
    EXPECT_EQ(prefer({"wait=1, wait=2"}), (Preferences{false, 1s}));
    EXPECT_EQ(prefer({"wait=-1"}), (Preferences{}));
    EXPECT_EQ(prefer({"wait=1.5"}), (Preferences{}));
    EXPECT_EQ(prefer({"wait"}), (Preferences{}));
    EXPECT_EQ(prefer({"wait=soon, wait=3"}), (Preferences{}));
    EXPECT_GE(prefer({"wait=99999999999999999999"}).wait, 3600s);
}

TEST(PreferTest, TakesAnyBytes) {
    EXPECT_TRUE(rc::check([](const std::string& text) { parse_prefer({text, "\"\\"}); }));
}

TEST(TraceparentTest, TakesValidOnesOnly) {
    EXPECT_TRUE(is_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"));
    EXPECT_TRUE(is_traceparent("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-will-be"));
    EXPECT_FALSE(is_traceparent(""));
    EXPECT_FALSE(is_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more"));
    EXPECT_FALSE(is_traceparent("ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"));
    EXPECT_FALSE(is_traceparent("00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01"));
    EXPECT_FALSE(is_traceparent("00-00000000000000000000000000000000-00f067aa0ba902b7-01"));
    EXPECT_FALSE(is_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01"));
    EXPECT_FALSE(is_traceparent("00x4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"));
    EXPECT_FALSE(is_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0g"));
}

TEST(IdempotencyKeyTest, BareOrQuoted) {
    EXPECT_EQ(parse_idempotency_key("\"8e03978e-40d5\""), "8e03978e-40d5");
    EXPECT_EQ(parse_idempotency_key(" 8e03978e-40d5 "), "8e03978e-40d5");
    EXPECT_FALSE(parse_idempotency_key(""));
    EXPECT_FALSE(parse_idempotency_key("\"\""));
    EXPECT_FALSE(parse_idempotency_key("a b"));
    EXPECT_FALSE(parse_idempotency_key("a\x01"));
    EXPECT_FALSE(parse_idempotency_key("\xc3\xa9"));
    EXPECT_TRUE(parse_idempotency_key(std::string(255, 'k')));
    EXPECT_FALSE(parse_idempotency_key(std::string(256, 'k')));
}

}  // namespace
}  // namespace nearline::gateway
