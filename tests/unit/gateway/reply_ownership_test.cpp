#include "gateway/reply_ownership.hpp"

#include <gtest/gtest.h>
#include <map>
#include <rapidcheck.h>

namespace nearline::gateway {
namespace {

/// Does at once what the ownership asks for, as the shell does.
void do_changes(ReplyOwnership& ownership) {
    for (auto changes = ownership.changes(); !changes.look_up.empty(); changes = ownership.changes()) {
        for (const int partition : changes.look_up) ownership.found(partition);
    }
}

TEST(ReplyOwnershipTest, HasNothingBeforeThePartitionsAreKnown) {
    ReplyOwnership ownership;
    EXPECT_FALSE(ownership.choose());
    EXPECT_TRUE(ownership.changes().look_up.empty());
}

TEST(ReplyOwnershipTest, BorrowsOneBeforeTheGroupHasSaidAnything) {
    ReplyOwnership ownership(7);
    ownership.set_partitions(12);
    const auto changes = ownership.changes();
    ASSERT_EQ(changes.look_up.size(), 1U);
    EXPECT_TRUE(ownership.borrowing());
    EXPECT_FALSE(ownership.choose()) << "not read yet";
    EXPECT_TRUE(ownership.found(changes.look_up[0]));
    EXPECT_EQ(ownership.choose(), changes.look_up[0]);
}

TEST(ReplyOwnershipTest, GatewaysBorrowDifferentOnes) {
    std::set<int> borrowed;
    for (std::uint64_t seed = 0; seed < 64; ++seed) {
        ReplyOwnership ownership(seed);
        ownership.set_partitions(12);
        borrowed.insert(ownership.changes().look_up.at(0));
    }
    EXPECT_GT(borrowed.size(), 8U);
}

TEST(ReplyOwnershipTest, LooksAllUpAgainWhenTheTopicWasMadeAnew) {
    ReplyOwnership ownership;
    ownership.set_partitions(3);
    ownership.own({0, 1});
    do_changes(ownership);
    ASSERT_EQ(ownership.choose(), 0);
    ownership.await(0);
    ownership.begin_anew();
    EXPECT_FALSE(ownership.choose()) << "asks for nothing where it does not know what it reads";
    const auto changes = ownership.changes();
    EXPECT_EQ(changes.look_up, (std::vector{0, 1}));
    EXPECT_TRUE(changes.stop.empty());
    for (const int partition : changes.look_up) EXPECT_TRUE(ownership.found(partition));
    EXPECT_TRUE(ownership.choose());
    ownership.release(0);
    EXPECT_EQ(ownership.reading(), (std::set{0, 1}));
}

TEST(ReplyOwnershipTest, GivesTheBorrowedOneBackWhenAnOwnOneIsRead) {
    ReplyOwnership ownership;
    ownership.set_partitions(12);
    do_changes(ownership);
    const int borrowed = *ownership.choose();
    const int own = (borrowed + 1) % 12;
    ownership.own({own});
    auto changes = ownership.changes();
    EXPECT_EQ(changes.look_up, std::vector{own});
    EXPECT_TRUE(changes.stop.empty()) << "until the own one is read, it is all there is";
    EXPECT_EQ(ownership.choose(), borrowed);
    EXPECT_TRUE(ownership.found(own));
    changes = ownership.changes();
    EXPECT_EQ(changes.stop, std::vector{borrowed});
    EXPECT_EQ(ownership.choose(), own);
    EXPECT_FALSE(ownership.borrowing());
}

TEST(ReplyOwnershipTest, ReadsWhatIsAwaitedUntilTheLastAnswer) {
    ReplyOwnership ownership;
    ownership.set_partitions(4);
    ownership.own({0, 1});
    do_changes(ownership);
    const int asked = *ownership.choose();
    ownership.await(asked);
    ownership.await(asked);
    ownership.own({2});
    do_changes(ownership);
    EXPECT_EQ(ownership.reading(), (std::set{asked, 2}));
    EXPECT_EQ(ownership.choose(), 2);
    EXPECT_EQ(ownership.awaited(), 1U);
    ownership.release(asked);
    EXPECT_TRUE(ownership.changes().stop.empty());
    ownership.release(asked);
    EXPECT_EQ(ownership.changes().stop, std::vector{asked});
    EXPECT_EQ(ownership.reading(), std::set{2});
    EXPECT_EQ(ownership.awaited(), 0U);
}

TEST(ReplyOwnershipTest, WhatIsTakenAwayGoesOnAsBorrowedWhenNothingElseIsThere) {
    ReplyOwnership ownership;
    ownership.set_partitions(2);
    ownership.own({1});
    do_changes(ownership);
    ownership.own({});
    EXPECT_TRUE(ownership.changes().stop.empty());
    EXPECT_TRUE(ownership.borrowing());
    EXPECT_EQ(ownership.choose(), 1) << "no gap in which requests are refused";
}

TEST(ReplyOwnershipTest, OneThatComesBackIsReadFromWhereItStillIsRead) {
    ReplyOwnership ownership;
    ownership.set_partitions(4);
    ownership.own({0});
    do_changes(ownership);
    ownership.await(*ownership.choose());
    ownership.own({1});
    do_changes(ownership);
    ownership.own({0, 1});
    EXPECT_TRUE(ownership.changes().look_up.empty());
    std::set<int> chosen;
    for (int i = 0; i < 2 * ReplyOwnership::requests_in_a_row; ++i) chosen.insert(*ownership.choose());
    EXPECT_EQ(chosen, (std::set{0, 1}));
}

TEST(ReplyOwnershipTest, ForgetsALookUpThatNobodyWantsAnyMore) {
    ReplyOwnership ownership;
    ownership.set_partitions(4);
    ownership.own({0});
    EXPECT_EQ(ownership.changes().look_up.size(), 2U);
    ownership.found(0);
    ownership.own({0, 3});
    ownership.own({0});
    const auto changes = ownership.changes();
    EXPECT_TRUE(changes.look_up.empty());
    EXPECT_FALSE(ownership.found(3));
    EXPECT_EQ(ownership.reading(), std::set{0});
}

TEST(ReplyOwnershipTest, BorrowsAnotherWhenOneCantBeLookedUp) {
    ReplyOwnership ownership;
    ownership.set_partitions(12);
    std::set<int> tried;
    for (int i = 0; i < 50; ++i) {
        const auto changes = ownership.changes();
        ASSERT_LE(changes.look_up.size(), 1U);
        if (changes.look_up.empty()) continue;
        tried.insert(changes.look_up[0]);
        if (ownership.failed(changes.look_up[0])) ownership.set_partitions(12);
    }
    EXPECT_GT(tried.size(), 1U);
}

TEST(ReplyOwnershipTest, AnOwnOneThatCantBeLookedUpIsTriedAgain) {
    ReplyOwnership ownership;
    ownership.own({5});
    EXPECT_EQ(ownership.changes().look_up, std::vector{5});
    EXPECT_TRUE(ownership.failed(5));
    EXPECT_TRUE(ownership.found(5));
    EXPECT_FALSE(ownership.failed(5));
    EXPECT_EQ(ownership.choose(), 5);
}

TEST(ReplyOwnershipTest, SpreadsRequestsOverWhatItOwns) {
    ReplyOwnership ownership;
    ownership.set_partitions(6);
    ownership.own({0, 2, 4});
    do_changes(ownership);
    std::map<int, int> chosen;
    for (int i = 0; i < 30 * ReplyOwnership::requests_in_a_row; ++i) ++chosen[*ownership.choose()];
    EXPECT_EQ(chosen.size(), 3U);
    for (const auto& [partition, count] : chosen) EXPECT_EQ(count, 10 * ReplyOwnership::requests_in_a_row);
}

/// Whatever the group does: nothing is asked for on a partition whose log's end was not known before, what is
/// read is owned, awaited or borrowed and nothing else, and nothing awaited is ever let go.
TEST(ReplyOwnershipProperties, AsksOnlyOnWhatIsRead) {
    const bool holds = rc::check([] {
        ReplyOwnership ownership(*rc::gen::arbitrary<std::uint64_t>());
        const int count = *rc::gen::inRange(1, 8);
        ownership.set_partitions(count);
        std::set<int> owned;
        std::set<int> reading;     // as the shell's Reader has it
        std::vector<int> look_up;  // on their way
        std::map<int, int> awaited;

        const int steps = *rc::gen::inRange(1, 200);
        for (int step = 0; step < steps; ++step) {
            switch (*rc::gen::inRange(0, 6)) {
                case 0:
                    owned.clear();
                    for (int i = *rc::gen::inRange(0, count + 1); i > 0; --i) owned.insert(*rc::gen::inRange(0, count));
                    ownership.own(owned);
                    break;
                case 1:
                case 2: {
                    if (look_up.empty()) break;
                    const auto which = look_up.begin() + *rc::gen::inRange<int>(0, static_cast<int>(look_up.size()));
                    const int partition = *which;
                    look_up.erase(which);
                    if (*rc::gen::inRange(0, 4) == 0) {
                        if (ownership.failed(partition)) look_up.push_back(partition);
                    } else if (ownership.found(partition)) {
                        reading.insert(partition);
                    }
                    break;
                }
                case 3:
                case 4:
                    if (const auto partition = ownership.choose()) {
                        RC_ASSERT(reading.contains(*partition));
                        ownership.await(*partition);
                        ++awaited[*partition];
                    } else {
                        RC_ASSERT(reading.empty());
                    }
                    break;
                case 5: {
                    if (awaited.empty()) break;
                    const auto some = awaited.begin();
                    ownership.release(some->first);
                    if (--some->second == 0) awaited.erase(some);
                    break;
                }
            }
            const auto changes = ownership.changes();
            for (const int partition : changes.stop) {
                RC_ASSERT(reading.erase(partition) == 1U);
                RC_ASSERT(!awaited.contains(partition));
                RC_ASSERT(!owned.contains(partition));
            }
            for (const int partition : changes.look_up) {
                RC_ASSERT(!reading.contains(partition));
                look_up.push_back(partition);
            }
            RC_ASSERT(ownership.reading() == reading);
            for (const auto& [partition, number] : awaited) RC_ASSERT(reading.contains(partition));
            int others = 0;
            bool own_read = false;
            for (const int partition : reading) {
                if (!owned.contains(partition) && !awaited.contains(partition)) ++others;
                own_read = own_read || owned.contains(partition);
            }
            RC_ASSERT(others <= (own_read ? 0 : 1));
        }
        // In the end everything can be read.
        while (!look_up.empty()) {
            const int partition = look_up.back();
            look_up.pop_back();
            if (ownership.found(partition)) reading.insert(partition);
            const auto changes = ownership.changes();
            for (const int stopped : changes.stop) reading.erase(stopped);
            look_up.insert(look_up.end(), changes.look_up.begin(), changes.look_up.end());
        }
        RC_ASSERT(ownership.choose().has_value());
        for (const int partition : owned) RC_ASSERT(reading.contains(partition));
    });
    EXPECT_TRUE(holds);
}

}  // namespace
}  // namespace nearline::gateway
