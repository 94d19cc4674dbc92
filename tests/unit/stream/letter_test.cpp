#include "stream/letter.hpp"

#include <gtest/gtest.h>

#include "domain/uuid.hpp"
#include "stream/dead_letter.hpp"
#include "unit/stream/broken_record.hpp"

namespace nearline::stream {
namespace {

using testing::broken_record;
using testing::reason;

TEST(Letter, SaysWhereItsRecordWasAndWhy) {
    const auto facts = read_letter(make_dead_letter(broken_record(), reason));
    EXPECT_EQ(facts.origin, (TopicPartition{"input-topic", 3}));
    EXPECT_EQ(facts.origin_offset, 4711);
    EXPECT_EQ(facts.stage, "json");
    EXPECT_EQ(facts.class_name, "NotJson");
    EXPECT_EQ(facts.message, reason.message);
    EXPECT_FALSE(facts.is_stub);
}

TEST(Letter, OfSomebodyElseSaysNothing) {
    const auto facts = read_letter({.key = "k", .value = "v", .headers = {{"nearline.value.size", "3"}}});
    EXPECT_EQ(facts.origin, std::nullopt);
    EXPECT_EQ(facts.class_name, "");
    EXPECT_FALSE(facts.is_stub);
}

TEST(Letter, StubsAreKnown) {
    const auto record = broken_record();
    const auto stub = read_letter(make_dead_letter_stub(record, reason));
    EXPECT_TRUE(stub.is_stub);
    EXPECT_EQ(stub.value_size, "3");
    EXPECT_EQ(stub.value_sha256, sha256_hex(*record.value));
    EXPECT_TRUE(read_letter(make_bare_dead_letter_stub(record, reason)).is_stub);
    auto no_value = record;
    no_value.value.reset();
    EXPECT_FALSE(read_letter(make_dead_letter_stub(no_value, reason)).is_stub) << "nothing is missing";
    EXPECT_TRUE(read_letter(make_bare_dead_letter_stub(no_value, reason)).is_stub);
}

TEST(Letter, IsNotTakenInByHeadersThatCameWithTheRecord) {
    auto record = broken_record();
    record.headers = {{"__connect.errors.topic", "of Kafka Connect"},
                      {"__connect.errors.class.name", "Other"},
                      {"nearline.value.size", "3"}};
    const auto facts = read_letter(make_dead_letter(record, reason));
    EXPECT_EQ(facts.origin->topic, "input-topic");
    EXPECT_EQ(facts.class_name, "NotJson");
    EXPECT_FALSE(facts.is_stub);
}

TEST(Letter, ReplayIsTheRecordItWas) {
    auto record = broken_record();
    record.headers.push_back({"__connect.errors.topic", "of Kafka Connect, which had it before"});
    const auto replay = make_replay(make_dead_letter(record, reason));
    EXPECT_EQ(replay.key, record.key);
    EXPECT_EQ(replay.value, record.value);
    EXPECT_EQ(replay.headers, record.headers);
    EXPECT_EQ(replay.timestamp, 0) << "of now";
}

TEST(Letter, TopicLeadsToTheRetryTopic) {
    EXPECT_EQ(retry_topic_of("input-topic.prediction.dlq"), "input-topic.prediction.retry");
    EXPECT_EQ(retry_topic_of("a.b.archive.dlq"), "a.b.archive.retry");
    for (const auto* other : {"input-topic", "x.dlq", ".x.dlq", "a..dlq", ".dlq", ""}) {
        EXPECT_EQ(retry_topic_of(other), std::nullopt) << other;
    }
}

TEST(LetterMark, IsReadAsItWasMade) {
    OffsetRanges offsets;
    offsets.add(3, 5);
    offsets.add(9);
    for (const auto kind : {LetterMark::Kind::replayed, LetterMark::Kind::dropped}) {
        const auto read = read_mark(make_mark({kind, offsets}));
        ASSERT_TRUE(read);
        EXPECT_EQ(read->kind, kind);
        EXPECT_EQ(read->offsets, offsets);
    }
}

TEST(LetterMark, IsNoLetter) {
    EXPECT_FALSE(read_mark(make_dead_letter(broken_record(), reason)));
    auto forged = broken_record();
    static_cast<Record&>(forged) = make_mark({LetterMark::Kind::dropped, *OffsetRanges::parse("1-9")});
    EXPECT_FALSE(read_mark(make_dead_letter(forged, reason))) << "a record that looks like one, and was rejected";
    EXPECT_FALSE(read_mark({}));
}

TEST(OffsetRanges, JoinWhatTouches) {
    OffsetRanges ranges;
    for (const std::int64_t offset : {5, 7, 6, 1, 9}) ranges.add(offset);
    EXPECT_EQ(ranges.to_string(), "1,5-7,9");
    ranges.add(2, 4);
    EXPECT_EQ(ranges.to_string(), "1-7,9");
    ranges.add(3, 20);
    EXPECT_EQ(ranges.to_string(), "1-20");
    ranges.add(*OffsetRanges::parse("0,22-23"));
    EXPECT_EQ(ranges.to_string(), "0-20,22-23");
    for (const std::int64_t in : {0, 10, 20, 22, 23}) EXPECT_TRUE(ranges.contains(in)) << in;
    for (const std::int64_t out : {-1, 21, 24}) EXPECT_FALSE(ranges.contains(out)) << out;
}

TEST(OffsetRanges, AreReadStrictly) {
    EXPECT_EQ(OffsetRanges::parse("18,12-15")->to_string(), "12-15,18");
    for (const auto* text : {"", ",", "1,", "x", "5-3", "-3", "1--2", "1-", " 1", "99999999999999999999"}) {
        EXPECT_FALSE(OffsetRanges::parse(text)) << text;
    }
}

}  // namespace
}  // namespace nearline::stream
