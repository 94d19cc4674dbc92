#include "auth/login_throttle.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <string>
#include <vector>

namespace nearline::auth {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

const SteadyTime start{std::chrono::hours(1)};
constexpr FailureLimit three_then_one_in_ten_seconds{.burst = 3, .recover = seconds(10)};

TEST(FailureCounter, LetsABurstThroughAndThenOneAtATime) {
    FailureCounter counter(three_then_one_in_ten_seconds, 10);
    const Uuid key = Uuid::random();
    for (int i = 0; i < 3; ++i) {
        EXPECT_FALSE(counter.wait(key, start)) << i;
        counter.failed(key, start);
    }
    EXPECT_EQ(seconds(10), counter.wait(key, start));
    EXPECT_EQ(seconds(1), counter.wait(key, start + milliseconds(9'001)));
    EXPECT_FALSE(counter.wait(key, start + seconds(10)));
    counter.failed(key, start + seconds(10));
    EXPECT_EQ(seconds(10), counter.wait(key, start + seconds(10)));
    EXPECT_FALSE(counter.wait(Uuid::random(), start + seconds(10))) << "others go on";
}

TEST(FailureCounter, RecoversFully) {
    FailureCounter counter(three_then_one_in_ten_seconds, 10);
    const Uuid key = Uuid::random();
    for (int i = 0; i < 3; ++i) counter.failed(key, start);
    const SteadyTime later = start + seconds(30);
    for (int i = 0; i < 3; ++i) {
        EXPECT_FALSE(counter.wait(key, later)) << i;
        counter.failed(key, later);
    }
    EXPECT_TRUE(counter.wait(key, later));
}

TEST(FailureCounter, TriesSideBySideArePaidForUpToABound) {
    FailureCounter counter({.burst = 3, .recover = seconds(10), .most_wait = minutes(2)}, 10);
    const Uuid key = Uuid::random();
    for (int i = 0; i < 8; ++i) counter.failed(key, start);
    EXPECT_EQ(seconds(60), counter.wait(key, start));
    for (int i = 0; i < 1'000; ++i) counter.failed(key, start);
    EXPECT_EQ(minutes(2), counter.wait(key, start));
}

TEST(FailureCounter, ForgetsASuccess) {
    FailureCounter counter(three_then_one_in_ten_seconds, 10);
    const Uuid key = Uuid::random();
    for (int i = 0; i < 3; ++i) counter.failed(key, start);
    counter.forget(key);
    counter.forget(key);
    EXPECT_FALSE(counter.wait(key, start));
    EXPECT_EQ(0U, counter.size());
}

TEST(FailureCounter, MemoryIsBoundedAndTheOldestGoesFirst) {
    FailureCounter counter(three_then_one_in_ten_seconds, 3);
    std::vector<Uuid> keys;
    for (int i = 0; i < 4; ++i) {
        keys.push_back(Uuid::random());
        for (int j = 0; j < 3; ++j) counter.failed(keys.back(), start);
        if (i == 2) counter.failed(keys[0], start);  // so that keys[1] is the one that failed longest ago
    }
    EXPECT_EQ(3U, counter.size());
    EXPECT_TRUE(counter.wait(keys[0], start));
    EXPECT_FALSE(counter.wait(keys[1], start));
    EXPECT_TRUE(counter.wait(keys[2], start));
    EXPECT_TRUE(counter.wait(keys[3], start));
}

// Whoever keeps to the waits gets no more tries than burst + time / recover.
TEST(FailureCounter, NoPatternOfTriesGetsMoreThanItsShare) {
    EXPECT_TRUE(rc::check([](const std::vector<std::uint16_t>& pauses) {
        FailureCounter counter(three_then_one_in_ten_seconds, 10);
        const Uuid key{};
        SteadyTime now = start;
        int let_through = 0;
        for (const std::uint16_t pause : pauses) {
            now += milliseconds(pause);
            if (counter.wait(key, now)) continue;
            ++let_through;
            counter.failed(key, now);
        }
        const double passed = std::chrono::duration<double>(now - start).count();
        RC_ASSERT(let_through <= 3 + passed / 10 + 1e-6);
    }));
}

// The wait it names is true: not a second earlier, and then surely.
TEST(FailureCounter, TheNamedWaitIsEnough) {
    EXPECT_TRUE(rc::check([](const std::vector<std::uint16_t>& pauses) {
        FailureCounter counter(three_then_one_in_ten_seconds, 10);
        const Uuid key{};
        SteadyTime now = start;
        for (const std::uint16_t pause : pauses) {
            now += milliseconds(pause);
            counter.failed(key, now);
        }
        if (const auto wait = counter.wait(key, now)) {
            RC_ASSERT(*wait >= seconds(1));
            RC_ASSERT(!counter.wait(key, now + *wait + milliseconds(1)));
            RC_ASSERT(*wait == seconds(1) || counter.wait(key, now + *wait - seconds(1)).has_value());
        }
    }));
}

class Throttle : public ::testing::Test {
protected:
    LoginThrottle throttle_{
        {.by_name = {.burst = 3, .recover = seconds(10)}, .by_address = {.burst = 6, .recover = seconds(1)}}};
    void fail(const std::string& name, const std::string& address, int times) {
        for (int i = 0; i < times; ++i) throttle_.failed(name, address, start);
    }
};

TEST_F(Throttle, SlowsOneNameFromOneAddress) {
    fail("ann@example.com", "192.0.2.1", 3);
    EXPECT_TRUE(throttle_.wait("ann@example.com", "192.0.2.1", start));
    EXPECT_TRUE(throttle_.wait("ANN@example.com", "192.0.2.1", start)) << "names have no case";
    EXPECT_FALSE(throttle_.wait("ann@example.com", "192.0.2.2", start)) << "no stranger locks a user out";
    EXPECT_FALSE(throttle_.wait("bob@example.com", "192.0.2.1", start));
}

TEST_F(Throttle, SlowsAnAddressThatTriesManyNames) {
    for (int i = 0; i < 6; ++i) fail("n" + std::to_string(i), "192.0.2.1", 1);
    EXPECT_EQ(seconds(1), throttle_.wait("new", "192.0.2.1", start));
    EXPECT_FALSE(throttle_.wait("new", "192.0.2.2", start));
}

TEST_F(Throttle, ASuccessForgivesTheNameButNotTheAddress) {
    fail("ann@example.com", "192.0.2.1", 3);
    fail("bob@example.com", "192.0.2.1", 2);
    throttle_.succeeded("ann@example.com", "192.0.2.1");
    EXPECT_FALSE(throttle_.wait("ann@example.com", "192.0.2.1", start));
    fail("eve@example.com", "192.0.2.1", 1);
    EXPECT_TRUE(throttle_.wait("ann@example.com", "192.0.2.1", start)) << "six failures from there";
}

TEST_F(Throttle, AnIpVersion6HostIsItsNetwork) {
    fail("ann@example.com", "2001:db8:1:2::1", 3);
    EXPECT_TRUE(throttle_.wait("ann@example.com", "2001:db8:1:2:ffff::9", start));
    EXPECT_FALSE(throttle_.wait("ann@example.com", "2001:db8:1:3::1", start));
    fail("bob@example.com", "::ffff:192.0.2.1", 3);
    EXPECT_FALSE(throttle_.wait("bob@example.com", "::ffff:192.0.2.2", start)) << "these are IPv4 hosts";
}

TEST_F(Throttle, NameAndAddressDontRunIntoOneAnother) {
    fail("ab", "c", 3);
    EXPECT_FALSE(throttle_.wait("a", "bc", start));
}

}  // namespace
}  // namespace nearline::auth
