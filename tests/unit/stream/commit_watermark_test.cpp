#include "stream/commit_watermark.hpp"

#include <gmock/gmock.h>
#include <map>
#include <rapidcheck/gtest.h>
#include <set>

namespace nearline::stream {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const TopicPartition p0{"t", 0};
const TopicPartition p1{"t", 1};

TEST(CommitWatermark, CommitsOnlyBehindTheLongestRunThatHasEnded) {
    CommitWatermark watermark;
    for (const int offset : {10, 11, 15}) watermark.delivered(p0, offset);
    EXPECT_THAT(watermark.take(), IsEmpty());
    watermark.ended(p0, 11);
    watermark.ended(p0, 15);
    EXPECT_THAT(watermark.take(), IsEmpty()) << "10 is still under way";
    EXPECT_EQ(watermark.pending(), 1u);
    watermark.ended(p0, 10);
    EXPECT_THAT(watermark.take(), ElementsAre(Position{p0, 16}));
    EXPECT_THAT(watermark.take(), IsEmpty()) << "taken once";
    EXPECT_TRUE(watermark.idle());
}

TEST(CommitWatermark, PartitionsGoTheirOwnWays) {
    CommitWatermark watermark;
    watermark.delivered(p0, 0);
    watermark.delivered(p1, 7);
    watermark.ended(p1, 7);
    EXPECT_THAT(watermark.take(), ElementsAre(Position{p1, 8}));
    EXPECT_FALSE(watermark.idle(p0));
    EXPECT_TRUE(watermark.idle(p1));
    EXPECT_FALSE(watermark.idle());
}

TEST(CommitWatermark, IgnoresWhatItDoesNotKnow) {
    CommitWatermark watermark;
    watermark.ended(p0, 3);
    watermark.delivered(p0, 4);
    watermark.ended(p0, 3);
    watermark.ended(p0, 5);
    watermark.ended(p1, 4);
    EXPECT_THAT(watermark.take(), IsEmpty());
    EXPECT_EQ(watermark.pending(), 1u);
}

TEST(CommitWatermark, EndingTwiceIsEndingOnce) {
    CommitWatermark watermark;
    watermark.delivered(p0, 1);
    watermark.delivered(p0, 2);
    watermark.ended(p0, 1);
    watermark.ended(p0, 1);
    EXPECT_THAT(watermark.take(), ElementsAre(Position{p0, 2}));
    EXPECT_EQ(watermark.pending(), 1u);
}

TEST(CommitWatermark, RedeliveryForgetsWhatWasPending) {
    CommitWatermark watermark;
    for (const int offset : {5, 6, 7}) watermark.delivered(p0, offset);
    watermark.ended(p0, 6);
    watermark.delivered(p0, 5);
    EXPECT_EQ(watermark.pending(), 1u);
    watermark.ended(p0, 5);
    EXPECT_THAT(watermark.take(), ElementsAre(Position{p0, 6})) << "6 and 7 were not delivered again yet";
}

TEST(CommitWatermark, SeekBackTakesBackWhatWasNotTaken) {
    CommitWatermark watermark;
    watermark.delivered(p0, 5);
    watermark.delivered(p0, 6);
    watermark.ended(p0, 5);
    watermark.ended(p0, 6);
    watermark.delivered(p0, 5);
    EXPECT_THAT(watermark.take(), IsEmpty());
}

TEST(CommitWatermark, RedeliveryKeepsWhatEndedBeforeIt) {
    CommitWatermark watermark;
    watermark.delivered(p0, 5);
    watermark.delivered(p0, 6);
    watermark.ended(p0, 5);
    watermark.delivered(p0, 6);
    EXPECT_THAT(watermark.take(), ElementsAre(Position{p0, 6}));
}

TEST(CommitWatermark, ForgetsARevokedPartition) {
    CommitWatermark watermark;
    watermark.delivered(p0, 5);
    watermark.delivered(p0, 6);
    watermark.delivered(p1, 1);
    watermark.ended(p0, 5);
    watermark.forget(p0);
    watermark.ended(p0, 6);
    EXPECT_THAT(watermark.take(), IsEmpty());
    EXPECT_EQ(watermark.pending(), 1u);
    watermark.delivered(p0, 2);  // it came back, from the committed offset
    watermark.ended(p0, 2);
    EXPECT_THAT(watermark.take(), ElementsAre(Position{p0, 3}));
}

TEST(CommitWatermark, RemembersNoMoreThanItHasToHoweverManyEndBehindOne) {
    CommitWatermark watermark;
    watermark.delivered(p0, 0);
    for (std::int64_t offset = 1; offset < 100'000; ++offset) {
        watermark.delivered(p0, offset);
        if (offset == 50'000) continue;
        watermark.ended(p0, offset);
        ASSERT_LT(watermark.remembered(), 1'100U) << offset;
    }
    EXPECT_EQ(watermark.pending(), 2U);
    watermark.ended(p0, 0);
    EXPECT_THAT(watermark.take(), ElementsAre(Position{p0, 50'000}));
    watermark.ended(p0, 50'000);
    EXPECT_THAT(watermark.take(), ElementsAre(Position{p0, 100'000}));
    EXPECT_EQ(watermark.remembered(), 0U);
}

// Against a model that keeps everything: whatever the order in which records end, what may be committed
// has no record before it that has not ended, and nothing that could be committed is held back.
RC_GTEST_PROP(CommitWatermarkProperty, NeverPassesARecordThatHasNotEnded, ()) {
    CommitWatermark watermark;
    std::map<TopicPartition, std::map<std::int64_t, bool>> model;
    std::map<TopicPartition, std::int64_t> committed;
    std::map<TopicPartition, std::int64_t> next_offset;
    const auto steps = *rc::gen::inRange(0, 200);
    for (int i = 0; i < steps; ++i) {
        const TopicPartition at{"t", *rc::gen::inRange(0, 3)};
        if (*rc::gen::inRange(0, 2) == 0 || model[at].empty()) {
            const auto offset = next_offset[at] + *rc::gen::inRange(0, 3);  // gaps
            next_offset[at] = offset + 1;
            model[at][offset] = false;
            watermark.delivered(at, offset);
        } else {
            const auto index = *rc::gen::inRange<std::size_t>(0, model[at].size());
            const auto chosen = std::next(model[at].begin(), static_cast<std::ptrdiff_t>(index));
            chosen->second = true;
            watermark.ended(at, chosen->first);
        }
        if (*rc::gen::inRange(0, 4) == 0) {
            for (const auto& position : watermark.take()) {
                RC_ASSERT(position.offset > committed[position.at]);
                committed[position.at] = position.offset;
            }
            for (const auto& [partition, records] : model) {
                std::int64_t expected = 0;
                for (const auto& [offset, ended] : records) {
                    if (!ended) break;
                    expected = offset + 1;
                }
                RC_ASSERT(committed[partition] == expected);
            }
        }
    }
}

}  // namespace
}  // namespace nearline::stream
