#include <gmock/gmock.h>
#include <set>

#include "contract/stream/fixture.hpp"

// What is written is what is read.
namespace nearline::stream::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Records : public StreamContract {
protected:
    /// Everything in these partitions, from the start.
    std::vector<ConsumedRecord> read_all(const std::string& topic, int partitions, std::size_t count) {
        const auto reader = stream().reader();
        for (int p = 0; p < partitions; ++p) reader->assign({{{topic, p}, 0}});
        return take(*reader, count);
    }
};

TEST_P(Records, KeepKeysValuesHeadersAndTimestamps) {
    using namespace std::string_literals;
    const auto name = topic(1);
    const std::vector<Record> written{
        {.key = "key",
         .value = "value",
         .headers = {{"request-id", "1"}, {"user", "2"}},
         .timestamp = 1'700'000'000'123},
        {.key = std::nullopt, .value = "no key", .timestamp = 1'700'000'000'124},
        {.key = "no value", .value = std::nullopt, .timestamp = 1'700'000'000'125},
        {.key = "",
         .value = "",
         .headers = {{"", "empty name"}, {"empty", ""}, {"null", std::nullopt}},
         .timestamp = 1},
        {.key = "\0\xff\n"s, .value = "\0{\xc3\x28}\0"s, .headers = {{"h", "\0\x80"s}}, .timestamp = 1'700'000'000'127},
        {.key = "twice", .value = "", .headers = {{"a", "1"}, {"b", "2"}, {"a", "3"}}, .timestamp = 1'700'000'000'128},
    };
    for (const auto& record : written) ASSERT_EQ(send(name, 0, record).outcome, Delivery::Outcome::stored);

    const auto read = read_all(name, 1, written.size());
    ASSERT_EQ(read.size(), written.size());
    for (std::size_t i = 0; i < read.size(); ++i) {
        EXPECT_EQ(static_cast<const Record&>(read[i]), written[i]) << "record " << i;
        EXPECT_EQ(read[i].at, (TopicPartition{name, 0}));
    }
}

TEST_P(Records, WithoutATimestampAreOfNow) {
    const auto name = topic(1);
    const auto now = [] {
        const auto time = std::chrono::system_clock::now().time_since_epoch();
        return std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
    };
    const auto before = now();
    send(name, 0, {.value = "x"});
    const auto read = read_all(name, 1, 1);
    ASSERT_EQ(read.size(), 1);
    EXPECT_GE(read[0].timestamp, before);
    EXPECT_LE(read[0].timestamp, now());
}

TEST_P(Records, WithAKeyGoWhereJavaPutsThem) {
    const auto name = topic(7);
    std::vector<std::string> keys{"", "a", "user@example.org", "afe4e043-4d09-4bf9-9fe8-a6d030441221",
                                  std::string(3, '\0')};
    for (int i = 0; i < 40; ++i) keys.push_back("key-" + std::to_string(i));
    for (const auto& key : keys) {
        const auto delivery = send(name, std::nullopt, {.key = key, .value = "x"});
        ASSERT_EQ(delivery.outcome, Delivery::Outcome::stored);
        EXPECT_EQ(delivery.at.partition, partition_of_key(key, 7)) << key;
    }
}

TEST_P(Records, WithoutAKeyGoAnywhere) {
    const auto name = topic(3);
    for (int i = 0; i < 20; ++i) {
        const auto delivery = send(name, std::nullopt, {.value = "x"});
        ASSERT_EQ(delivery.outcome, Delivery::Outcome::stored);
        EXPECT_GE(delivery.at.partition, 0);
        EXPECT_LT(delivery.at.partition, 3);
    }
    EXPECT_EQ(read_all(name, 3, 20).size(), 20);
}

TEST_P(Records, OfAPartitionKeepTheirOrderAndRisingOffsets) {
    const auto name = topic(2);
    std::vector<std::string> even, odd;
    for (int i = 0; i < 2'000; ++i) (i % 2 == 0 ? even : odd).push_back(std::to_string(i));
    send_values(name, 0, even);
    send_values(name, 1, odd);

    std::map<int, std::vector<std::string>> read;
    std::map<int, std::int64_t> last{{0, -1}, {1, -1}};
    for (const auto& record : read_all(name, 2, 2'000)) {
        EXPECT_GT(record.offset, last[record.at.partition]);
        last[record.at.partition] = record.offset;
        read[record.at.partition].push_back(*record.value);
    }
    EXPECT_EQ(read[0], even);
    EXPECT_EQ(read[1], odd);
}

TEST_P(Records, AreReadAtTheOffsetTheirDeliveryNamed) {
    const auto name = topic(1);
    send_values(name, 0, {"before"});
    const auto delivery = send(name, 0, {.value = "here"});
    const auto reader = stream().reader();
    reader->assign({{delivery.at, delivery.offset}});
    const auto read = take(*reader, 1);
    ASSERT_THAT(values(read), ElementsAre("here"));
    EXPECT_EQ(read[0].offset, delivery.offset);
}

TEST_P(Records, MayBeLarge) {
    const auto name = topic(1);
    const std::string value(900'000, 'v');
    ASSERT_EQ(send(name, 0, {.value = value}).outcome, Delivery::Outcome::stored);
    const auto read = read_all(name, 1, 1);
    ASSERT_EQ(read.size(), 1);
    EXPECT_EQ(read[0].value, value);
}

INSTANTIATE_TEST_SUITE_P(Stream, Records, ::testing::ValuesIn(implementations()), name_of);

}  // namespace
}  // namespace nearline::stream::testing
