#include "stream/embedded/assignment.hpp"

#include <algorithm>
#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

namespace nearline::stream::embedded {
namespace {

using Wanted = std::map<MemberId, std::set<std::string>>;

std::map<MemberId, int> counts(const Ownership& ownership, const std::string& topic) {
    std::map<MemberId, int> counts;
    for (const auto& [at, member] : ownership) {
        if (at.topic == topic) ++counts[member];
    }
    return counts;
}

int moved(const Ownership& before, const Ownership& after) {
    int count = 0;
    for (const auto& [at, member] : after) {
        const auto was = before.find(at);
        if (was != before.end() && was->second != member) ++count;
    }
    return count;
}

TEST(Assignment, OneMemberHasAll) {
    const auto all = assign({{"t", 3}}, {{7, {"t"}}}, {});
    EXPECT_EQ(all, (Ownership{{{"t", 0}, 7}, {{"t", 1}, 7}, {{"t", 2}, 7}}));
}

TEST(Assignment, ASecondMemberTakesHalfAndTheFirstKeepsTheRest) {
    const auto before = assign({{"t", 12}}, {{1, {"t"}}}, {});
    const auto after = assign({{"t", 12}}, {{1, {"t"}}, {2, {"t"}}}, before);
    EXPECT_EQ(counts(after, "t"), (std::map<MemberId, int>{{1, 6}, {2, 6}}));
    EXPECT_EQ(moved(before, after), 6);
}

TEST(Assignment, OnlyWhatALeaverHadMoves) {
    const Wanted three{{1, {"t"}}, {2, {"t"}}, {3, {"t"}}};
    const auto before = assign({{"t", 12}}, three, {});
    const auto after = assign({{"t", 12}}, {{1, {"t"}}, {3, {"t"}}}, before);
    EXPECT_EQ(counts(after, "t"), (std::map<MemberId, int>{{1, 6}, {3, 6}}));
    EXPECT_EQ(moved(before, after), 4);
}

TEST(Assignment, MoreMembersThanPartitions) {
    const auto all = assign({{"t", 1}}, {{1, {"t"}}, {2, {"t"}}, {3, {"t"}}}, {});
    EXPECT_EQ(all.size(), 1u);
}

TEST(Assignment, SmallTopicsDoNotAllGoToTheFirst) {
    const auto all =
        assign({{"a", 1}, {"b", 1}, {"c", 1}}, {{1, {"a", "b", "c"}}, {2, {"a", "b", "c"}}, {3, {"a", "b", "c"}}}, {});
    std::set<MemberId> members;
    for (const auto& [at, member] : all) members.insert(member);
    EXPECT_EQ(members.size(), 3u);
}

TEST(Assignment, LeavesOutWhatNobodyWantsAndWhatIsNotThere) {
    const auto all = assign({{"a", 2}, {"b", 2}}, {{1, {"a", "c"}}}, {{{"c", 0}, 1}, {{"b", 0}, 1}, {{"a", 5}, 1}});
    EXPECT_EQ(all, (Ownership{{{"a", 0}, 1}, {{"a", 1}, 1}}));
}

// Members come and go, topics are made: at every step each partition has one owner who wants it, no two
// differ by more than one in a topic, and no more moves than a member that stays had too many.
RC_GTEST_PROP(AssignmentProperty, IsEvenAndMovesNoMoreThanItMust, ()) {
    std::map<std::string, int> partitions{{"a", *rc::gen::inRange(1, 20)}, {"b", *rc::gen::inRange(1, 20)}};
    Wanted wanted;
    Ownership now;
    for (int step = 0; step < 12; ++step) {
        const auto member = *rc::gen::inRange<MemberId>(1, 7);
        if (wanted.contains(member)) {
            wanted.erase(member);
            std::erase_if(now, [&](const auto& entry) { return entry.second == member; });
        } else {
            wanted[member] = *rc::gen::elementOf(std::vector<std::set<std::string>>{{"a"}, {"b"}, {"a", "b"}});
        }
        const auto next = assign(partitions, wanted, now);
        for (const auto& [topic, count] : partitions) {
            std::map<MemberId, int> shares;
            for (const auto& [id, topics] : wanted) {
                if (topics.contains(topic)) shares[id] = 0;
            }
            if (shares.empty()) {
                RC_ASSERT(counts(next, topic).empty());
                continue;
            }
            int had_too_many = 0;
            for (const auto& [id, had] : counts(now, topic)) {
                const int members = static_cast<int>(shares.size());
                had_too_many += std::max(0, had - count / members);
            }
            for (const auto& [id, share] : counts(next, topic)) {
                RC_ASSERT(shares.contains(id));
                shares[id] = share;
            }
            int sum = 0;
            int least = count;
            int most = 0;
            for (const auto& [id, share] : shares) {
                sum += share;
                least = std::min(least, share);
                most = std::max(most, share);
            }
            RC_ASSERT(sum == count);
            RC_ASSERT(most - least <= 1);
            Ownership before_here;
            Ownership after_here;
            for (const auto& entry : now) {
                if (entry.first.topic == topic) before_here.insert(entry);
            }
            for (const auto& entry : next) {
                if (entry.first.topic == topic) after_here.insert(entry);
            }
            RC_ASSERT(moved(before_here, after_here) <= had_too_many);
        }
        now = next;
    }
}

}  // namespace
}  // namespace nearline::stream::embedded
