#include "stream/embedded/housekeeper.hpp"
#include "unit/stream/embedded_fixture.hpp"

namespace nearline::stream {
namespace {

using embedded::RecordInfo;
using embedded::retained_from;
using testing::ElementsAre;
using testing::IsEmpty;

// Offsets 10 to 14, ten bytes each, one a second.
const std::vector<RecordInfo> five{{10, 1'000, 10}, {11, 2'000, 20}, {12, 3'000, 30}, {13, 4'000, 40}, {14, 5'000, 50}};

TEST(RetainedFrom, KeepsAllThatIsYoungAndSmall) {
    EXPECT_EQ(retained_from(10, five, 50, std::nullopt, -1), 10);
    EXPECT_EQ(retained_from(10, five, 50, 1'000, 50), 10);
    EXPECT_EQ(retained_from(10, {}, 50, 9'999, 0), 10);
}

TEST(RetainedFrom, RemovesWhatIsOlder) {
    EXPECT_EQ(retained_from(10, five, 50, 1'001, -1), 11);
    EXPECT_EQ(retained_from(10, five, 50, 9'999, -1), 15);
}

TEST(RetainedFrom, StopsAtTheFirstThatIsYoung) {
    auto mixed = five;
    mixed[1].timestamp = 9'000;
    EXPECT_EQ(retained_from(10, mixed, 50, 5'500, -1), 11) << "offset 12 is old, but behind a young one";
}

TEST(RetainedFrom, RemovesWhatTheNewestMakeUpWithout) {
    EXPECT_EQ(retained_from(10, five, 50, std::nullopt, 40), 11);
    EXPECT_EQ(retained_from(10, five, 50, std::nullopt, 35), 11) << "at least so much stays";
    EXPECT_EQ(retained_from(10, five, 50, std::nullopt, 0), 15);
    EXPECT_EQ(retained_from(10, five, 500, std::nullopt, 100), 15) << "as far as it sees";
}

class RetentionTest : public EmbeddedTest {
protected:
    void SetUp() override {
        options.retention_interval = 10ms;
        options.retention_step = 7;
        EmbeddedTest::SetUp();
    }
    std::int64_t start(const TopicPartition& at) { return admin()->watermarks(at).start; }
};

TEST_F(RetentionTest, ByAgeMovesTheStartInStepsAndTheEndStays) {
    admin()->create_topic("t", {.partitions = 2, .retention = 1h});
    std::vector<Record> old(100, Record{.value = "old", .timestamp = 1});
    send("t", 0, old);
    const auto young = send("t", 0, "young");
    ASSERT_TRUE(wait_until([&] { return start({"t", 0}) == 100; }));
    EXPECT_EQ(young.offset, 100);
    EXPECT_THAT(values(read({"t", 0})), ElementsAre("young"));
    EXPECT_EQ(admin()->watermarks({"t", 0}).end, 101);
}

TEST_F(RetentionTest, ALogThatLostEverythingGoesOnAtItsOffsets) {
    admin()->create_topic("t", {.partitions = 1, .retention = 1h});
    send("t", 0, std::vector<Record>(10, Record{.value = "old", .timestamp = 1}));
    ASSERT_TRUE(wait_until([&] { return start({"t", 0}) == 10; }));
    reopen();
    EXPECT_EQ(admin()->watermarks({"t", 0}).start, 10);
    EXPECT_EQ(admin()->watermarks({"t", 0}).end, 10);
    EXPECT_EQ(send("t", 0, "new").offset, 10);
    EXPECT_THAT(values(read({"t", 0})), ElementsAre("new"));
}

TEST_F(RetentionTest, BySizeKeepsTheNewest) {
    admin()->create_topic("t", {.partitions = 1, .retention = 0ms, .retention_bytes = 1'000});
    std::vector<Record> records;
    for (int i = 0; i < 100; ++i) records.push_back({.value = std::string(100, 'v')});
    send("t", 0, records);
    ASSERT_TRUE(wait_until([&] { return start({"t", 0}) == 90; }));
    // The count of bytes survives, and the emptying of the log too.
    reopen();
    send("t", 0, std::vector<Record>(3, Record{.value = std::string(100, 'v')}));
    EXPECT_TRUE(wait_until([&] { return start({"t", 0}) == 93; }));
}

TEST_F(RetentionTest, ForEverIsForEver) {
    admin()->create_topic("t", {.partitions = 1, .retention = 0ms});
    admin()->create_topic("short", {.partitions = 1, .retention = 1h});
    send("t", 0, "old", 1);
    send("short", 0, "old", 1);
    ASSERT_TRUE(wait_until([&] { return start({"short", 0}) == 1; })) << "retention has run";
    EXPECT_THAT(values(read({"t", 0})), ElementsAre("old"));
}

TEST_F(RetentionTest, AGroupThatComesTooLateGoesOnAtTheStartAndCounts) {
    admin()->create_topic("t", {.partitions = 1, .retention = 1h});
    const GroupOptions group{.group = "g", .topics = {"t"}};
    {
        const auto consumer = stream->consumer(group, {});
        consumer->poll(1, 0ms);
        consumer->commit({{{"t", 0}, 2}});
    }
    send("t", 0, std::vector<Record>(5, Record{.value = "old", .timestamp = 1}));
    send("t", 0, "young");
    ASSERT_TRUE(wait_until([&] { return start({"t", 0}) == 5; }));
    const auto consumer = stream->consumer(group, {});
    EXPECT_THAT(values(consumer->poll(10, patience)), ElementsAre("young"));
    EXPECT_EQ(consumer->lost_to_retention(), 3u);
    EXPECT_NE(metrics.exposition().find("nearline_stream_lost_to_retention_total{group=\"g\"} 3"), std::string::npos);
}

TEST_F(RetentionTest, WhatAnOperatorDeletedStaysDeleted) {
    admin()->create_topic("t", {.partitions = 1, .retention = 0ms});
    send("t", 0, std::vector<Record>(5, Record{.value = "v"}));
    admin()->delete_records({"t", 0}, 5);
    reopen();
    EXPECT_EQ(start({"t", 0}), 5);
    EXPECT_EQ(send("t", 0, "next").offset, 5) << "offsets are never given out twice";
}

// A reader on the old end while retention takes the ground from under it, with next to nothing in memory.
TEST_F(RetentionTest, ReadersGoOnWhileTheStartMoves) {
    close();
    options.memory = 0;
    open();
    admin()->create_topic("t", {.partitions = 1, .retention = 0ms, .retention_bytes = 2'000});
    const auto reader = stream->reader();
    reader->assign({{{"t", 0}, 0}});
    std::int64_t last = -1;
    for (int i = 0; i < 50; ++i) {
        send("t", 0, std::vector<Record>(20, Record{.value = std::string(100, 'v')}));
        for (const auto& record : reader->poll(5, 0ms)) {
            EXPECT_GT(record.offset, last);
            last = record.offset;
        }
    }
    while (last < 999) {
        const auto records = reader->poll(100, patience);
        ASSERT_FALSE(records.empty());
        for (const auto& record : records) {
            EXPECT_GT(record.offset, last);
            last = record.offset;
        }
    }
}

}  // namespace
}  // namespace nearline::stream
