#include "runtime/backoff.hpp"

#include <gtest/gtest.h>
#include <set>

using nearline::Backoff;
using std::chrono::milliseconds;

TEST(Backoff, WaitsBetweenHalfAndAllOfAStepThatDoublesUpToTheMost) {
    for (std::uint64_t seed = 1; seed < 200; ++seed) {
        Backoff backoff({milliseconds(100), milliseconds(1000), 2.0}, seed);
        for (const int step : {100, 200, 400, 800, 1000, 1000, 1000}) {
            const auto wait = backoff.next();
            EXPECT_GE(wait, milliseconds(step / 2));
            EXPECT_LE(wait, milliseconds(step));
        }
        EXPECT_EQ(backoff.failures(), 7);
    }
}

TEST(Backoff, LetsNothingThatIsBackWaitForLong) {
    Backoff backoff;
    for (int i = 0; i < 100; ++i) EXPECT_LE(backoff.next(), milliseconds(2'000));
}

TEST(Backoff, KeepsThoseApartWhoStartTogether) {
    std::set<milliseconds> waits;
    for (std::uint64_t seed = 1; seed <= 50; ++seed) waits.insert(Backoff({milliseconds(10'000)}, seed).next());
    EXPECT_GT(waits.size(), 40U);
}

TEST(Backoff, BeginsAgainAfterASuccess) {
    Backoff backoff({milliseconds(100), milliseconds(10'000)}, 7);
    for (int i = 0; i < 5; ++i) backoff.next();
    backoff.reset();
    EXPECT_EQ(backoff.failures(), 0);
    EXPECT_LE(backoff.next(), milliseconds(100));
}

TEST(Backoff, StaysAtTheMostForEver) {
    Backoff backoff({milliseconds(1), milliseconds(50)}, 3);
    for (int i = 0; i < 5'000; ++i) EXPECT_LE(backoff.next(), milliseconds(50));
}
