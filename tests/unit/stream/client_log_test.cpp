#include "stream/kafka/client_log.hpp"

#include <gtest/gtest.h>

namespace nearline::stream::kafka {
namespace {

TEST(KindOfLine, LeavesOutCountsTimesAndWhichClientOfARow) {
    const auto kind = kind_of_line("nearline#consumer-3", "FAIL",
                                   "[thrd:kafka-1:9092/1001]: kafka-1:9092/1001: Connect failed (after 12ms in state "
                                   "CONNECT, 30 identical error(s) suppressed)");
    EXPECT_EQ(kind, kind_of_line("nearline#consumer-12", "FAIL",
                                 "[thrd:kafka-1:9092/1001]: kafka-1:9092/1001: Connect failed (after 0ms in state "
                                 "CONNECT, 7 identical error(s) suppressed)"));
}

TEST(KindOfLine, KeepsClientsFacilitiesBrokersAndTopicsApart) {
    const auto kind = kind_of_line("a#producer-1", "FAIL", "kafka-1:9092: gone");
    EXPECT_NE(kind, kind_of_line("a#consumer-1", "FAIL", "kafka-1:9092: gone"));
    EXPECT_NE(kind, kind_of_line("a#producer-1", "ERROR", "kafka-1:9092: gone"));
    EXPECT_NE(kind, kind_of_line("a#producer-1", "FAIL", "kafka-2:9092: gone"));
    EXPECT_NE(kind_of_line("a#producer-1", "X", "topic t2"), kind_of_line("a#producer-1", "X", "topic t3"));
}

TEST(LineThrottle, HoldsBackWhatIsOfAKindAndCountsIt) {
    LineThrottle throttle(3'600);
    long held = 0;
    EXPECT_TRUE(throttle.pass("a", held));
    EXPECT_FALSE(throttle.pass("a", held));
    EXPECT_TRUE(throttle.pass("b", held));
    EXPECT_EQ(held, 0);
    LineThrottle unhurried(0);
    EXPECT_TRUE(unhurried.pass("a", held));
    EXPECT_TRUE(unhurried.pass("a", held));
}

TEST(LineThrottle, RemembersABoundedNumberOfKinds) {
    LineThrottle throttle(3'600);
    long held = 0;
    for (int i = 0; i < 100'000; ++i) EXPECT_TRUE(throttle.pass(std::to_string(i), held));
}

}  // namespace
}  // namespace nearline::stream::kafka
