// How senders wait: for something to send, and for a server that is away.

#include <atomic>
#include <gtest/gtest.h>
#include <thread>
#include <vector>

#include "notification/failing_slots.hpp"
#include "notification/sender_bell.hpp"
#include "notification/server_gate.hpp"

namespace nearline::notification {
namespace {

using namespace std::chrono_literals;

const SteadyTime start = std::chrono::steady_clock::now();

TEST(FailingSlots, AreHalfOfTheSendersAndSayWhenThereIsRoom) {
    int told = 0;
    FailingSlots slots(4, [&] { ++told; });
    FailingSlots::Place one(slots);
    {
        const FailingSlots::Place two(slots);
        EXPECT_TRUE(one.is_taken());
        EXPECT_TRUE(two.is_taken());
        EXPECT_FALSE(slots.has_room());
    }
    EXPECT_EQ(0, told) << "nobody wanted one";
    FailingSlots::Place two(slots);
    const FailingSlots::Place three(slots);
    EXPECT_FALSE(three.is_taken());
    one.give_back();
    EXPECT_EQ(1, told);
    EXPECT_FALSE(one.is_taken());
    EXPECT_TRUE(slots.has_room());
    two.give_back();
    EXPECT_EQ(1, told);
}

TEST(FailingSlots, AreOneAtLeast) {
    FailingSlots slots(1, [] {});
    EXPECT_TRUE(FailingSlots::Place(slots).is_taken());
}

TEST(ServerGate, IsOpenAtFirst) {
    ServerGate gate({.first = 1s, .most = 60s});
    EXPECT_TRUE(gate.enter(start));
    EXPECT_TRUE(gate.enter(start));
    EXPECT_EQ(0ms, gate.closed_for(start));
}

TEST(ServerGate, OneTriesAndTheOthersFollow) {
    ServerGate gate({.first = 1s, .most = 60s});
    gate.server_is_away(start);
    EXPECT_FALSE(gate.enter(start));
    EXPECT_GE(gate.closed_for(start), 500ms);
    EXPECT_LE(gate.closed_for(start), 1s);
    EXPECT_TRUE(gate.enter(start + 1s));
    EXPECT_FALSE(gate.enter(start + 1s)) << "somebody tries already";
    gate.server_answers();
    EXPECT_TRUE(gate.enter(start + 1s));
    EXPECT_TRUE(gate.enter(start + 1s));
}

TEST(ServerGate, WaitsLongerFromTryToTry) {
    ServerGate gate({.first = 1s, .most = 60s});
    SteadyTime now = start;
    std::chrono::milliseconds wait{0};
    for (int i = 0; i < 10; ++i) {
        gate.server_is_away(now);
        wait = gate.closed_for(now);
        now += wait;
        ASSERT_TRUE(gate.enter(now));
    }
    EXPECT_GE(wait, 30s);
    EXPECT_LE(wait, 60s);
}

TEST(ServerGate, SeveralThatSeeItGoAreOneFailure) {
    ServerGate gate({.first = 1s, .most = 60s});
    for (int i = 0; i < 8; ++i) gate.server_is_away(start);
    EXPECT_LE(gate.closed_for(start), 1s);
}

TEST(ServerGate, WhoHadNothingToTryLeavesItToTheNext) {
    ServerGate gate({.first = 1s, .most = 60s});
    gate.server_is_away(start);
    ASSERT_TRUE(gate.enter(start + 1s));
    gate.tried_nothing();
    EXPECT_TRUE(gate.enter(start + 1s));
}

TEST(SenderBell, ARingBeforeTheWaitIsHeard) {
    SenderBell bell;
    bell.ring(1);
    EXPECT_TRUE(bell.wait([] { return std::chrono::milliseconds(1h); }));
}

TEST(SenderBell, ItsClockEndsAWait) {
    SenderBell bell;
    EXPECT_TRUE(bell.wait([] { return 1ms; }));
}

TEST(SenderBell, OneLooksAtTheClockForAll) {
    SenderBell bell;
    std::atomic<int> asked = 0;
    std::atomic<int> woken = 0;
    std::vector<std::thread> waiting;
    for (int i = 0; i < 4; ++i) {
        waiting.emplace_back([&] {
            while (bell.wait([&] {
                ++asked;
                return std::chrono::milliseconds(1h);
            })) {
                ++woken;
            }
        });
    }
    while (asked == 0) std::this_thread::sleep_for(1ms);
    std::this_thread::sleep_for(50ms);
    EXPECT_EQ(1, asked);
    bell.ring(1);
    while (woken == 0) std::this_thread::sleep_for(1ms);
    bell.end();
    for (auto& thread : waiting) thread.join();
    EXPECT_EQ(1, woken);
}

TEST(SenderBell, WhoFailsToAskTheClockLeavesItToOthers) {
    SenderBell bell;
    EXPECT_THROW(bell.wait([]() -> std::chrono::milliseconds { throw std::runtime_error("no clock"); }),
                 std::runtime_error);
    EXPECT_TRUE(bell.wait([] { return 1ms; }));
    bell.end();
    EXPECT_FALSE(bell.wait([] { return 1ms; }));
}

}  // namespace
}  // namespace nearline::notification
