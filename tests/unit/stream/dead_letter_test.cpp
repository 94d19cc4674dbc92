#include "stream/dead_letter.hpp"

#include <gmock/gmock.h>

#include "domain/uuid.hpp"
#include "unit/stream/broken_record.hpp"

namespace nearline::stream {
namespace {

using testing::broken_record;
using testing::reason;

const std::vector<Header> why{{"__connect.errors.topic", "input-topic"},
                              {"__connect.errors.partition", "3"},
                              {"__connect.errors.offset", "4711"},
                              {"__connect.errors.stage", "json"},
                              {"__connect.errors.class.name", "NotJson"},
                              {"__connect.errors.exception.message", "expected a value at position 3"}};

TEST(DeadLetter, TopicNamesTheRole) {
    EXPECT_EQ(dead_letter_topic("input-topic", "prediction"), "input-topic.prediction.dlq");
    EXPECT_EQ(retry_topic("input-topic", "prediction"), "input-topic.prediction.retry");
}

TEST(DeadLetter, KeepsKeyValueAndHeadersAndSaysWhy) {
    const auto record = broken_record();
    const auto letter = make_dead_letter(record, reason);
    EXPECT_EQ(letter.key, record.key);
    EXPECT_EQ(letter.value, record.value);
    auto expected = record.headers;
    expected.insert(expected.end(), why.begin(), why.end());
    EXPECT_EQ(letter.headers, expected);
    EXPECT_EQ(letter.timestamp, 0) << "stored with the time of its failure";
}

TEST(DeadLetter, KeepsNullsAsTheyAre) {
    auto record = broken_record();
    record.key.reset();
    record.value.reset();
    const auto letter = make_dead_letter(record, reason);
    EXPECT_EQ(letter.key, std::nullopt);
    EXPECT_EQ(letter.value, std::nullopt);
    EXPECT_EQ(make_dead_letter_stub(record, reason).headers, letter.headers);
}

TEST(DeadLetter, StubHasSizeAndDigestForItsValue) {
    const auto record = broken_record();
    const auto letter = make_dead_letter_stub(record, reason);
    EXPECT_EQ(letter.key, record.key);
    EXPECT_EQ(letter.value, std::nullopt);
    auto expected = record.headers;
    expected.insert(expected.end(), why.begin(), why.end());
    expected.push_back({"nearline.value.size", "3"});
    expected.push_back({"nearline.value.sha256", sha256_hex(*record.value)});
    EXPECT_EQ(letter.headers, expected);
}

}  // namespace
}  // namespace nearline::stream
