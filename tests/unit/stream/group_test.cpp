#include "stream/embedded/group.hpp"

#include <gmock/gmock.h>

namespace nearline::stream::embedded {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class GroupTest : public ::testing::Test {
protected:
    MemberId join() {
        return group.join({"t"}, [this] { ++wakes; });
    }
    std::map<std::string, int> topics{{"t", 4}};
    Group group{topics};
    int wakes = 0;
};

TEST_F(GroupTest, AFirstMemberTakesAll) {
    const auto one = join();
    EXPECT_EQ(group.state(), "PreparingRebalance");
    EXPECT_THAT(group.take(one), SizeIs(4));
    EXPECT_THAT(group.take(one), IsEmpty());
    EXPECT_EQ(group.state(), "Stable");
}

TEST_F(GroupTest, ASecondOneGetsNothingBeforeTheFirstReleases) {
    const auto one = join();
    group.take(one);
    const auto two = join();
    EXPECT_THAT(group.take(two), IsEmpty());
    const auto released = group.to_release(one);
    ASSERT_THAT(released, SizeIs(2));
    for (const auto& at : released) EXPECT_TRUE(group.owns(one, at)) << "until it says so";
    wakes = 0;
    group.release(one, released);
    EXPECT_EQ(wakes, 2) << "the new owner, for each";
    EXPECT_EQ(group.take(two), released);
    EXPECT_EQ(group.state(), "Stable");
}

TEST_F(GroupTest, WhatIsHeldComesToNobodyUntilItIsLetGo) {
    const auto one = join();
    group.take(one);
    const std::vector<TopicPartition> held{{"t", 1}};
    group.hold(held);
    group.hold(held);
    EXPECT_TRUE(group.owns(one, held[0]));
    group.leave(one);
    const auto two = join();
    EXPECT_THAT(group.take(two), SizeIs(3));
    group.let_go(held);
    EXPECT_THAT(group.take(two), IsEmpty()) << "once more than it was let go";
    wakes = 0;
    group.let_go(held);
    EXPECT_EQ(wakes, 1);
    EXPECT_EQ(group.take(two), held);
    EXPECT_EQ(group.state(), "Stable");
}

TEST_F(GroupTest, WhatALeaverHadIsFreeAtOnce) {
    const auto one = join();
    const auto two = join();
    group.take(one);
    group.take(two);
    group.leave(one);
    EXPECT_THAT(group.take(two), SizeIs(2));
    EXPECT_EQ(group.size(), 1);
    group.leave(two);
    EXPECT_EQ(group.state(), "Empty");
}

TEST_F(GroupTest, AThirdMemberDuringAHandOver) {
    const auto one = join();
    group.take(one);
    const auto two = join();
    const auto three = join();
    group.release(one, group.to_release(one));
    const auto to_two = group.take(two);
    const auto to_three = group.take(three);
    EXPECT_EQ(to_two.size() + to_three.size(), 2u);
    EXPECT_THAT(group.to_release(two), IsEmpty());
    EXPECT_EQ(group.state(), "Stable");
}

TEST_F(GroupTest, ReleasingWhatIsNotOnesOwnDoesNothing) {
    const auto one = join();
    group.take(one);
    const auto two = join();
    group.release(two, {{"t", 0}, {"t", 1}, {"x", 0}});
    EXPECT_TRUE(group.owns(one, {"t", 0}));
}

TEST_F(GroupTest, TakesOutWhoIsLate) {
    const SteadyTime start{};
    const auto one = join();
    const auto two = join();
    group.take(one);
    group.take(two);
    group.expect_back(one, start + std::chrono::seconds(10));
    group.expect_back(two, start + std::chrono::seconds(20));
    EXPECT_EQ(group.expire(start + std::chrono::seconds(9)), start + std::chrono::seconds(10));
    EXPECT_EQ(group.expire(start + std::chrono::seconds(10)), start + std::chrono::seconds(20));
    EXPECT_FALSE(group.has(one));
    EXPECT_THAT(group.take(two), SizeIs(2));
    group.expect_back(two, std::nullopt);
    EXPECT_EQ(group.expire(start + std::chrono::hours(1)), std::nullopt) << "it is at work";
    EXPECT_TRUE(group.has(two));
}

TEST_F(GroupTest, ATopicThatIsMadeLater) {
    const auto one = group.join({"t", "later"}, [] {});
    group.take(one);
    topics["later"] = 1;
    group.rebalance();
    EXPECT_THAT(group.take(one), ElementsAre(TopicPartition{"later", 0}));
}

}  // namespace
}  // namespace nearline::stream::embedded
