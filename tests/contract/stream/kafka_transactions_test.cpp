#include <gmock/gmock.h>
#include <map>

#include "contract/stream/fixture.hpp"
#include "domain/problem.hpp"
#include "stream/kafka/records.hpp"
#include "stream/kafka/transaction_handle.hpp"
#include "support/once_available.hpp"

// What only Kafka has of transactions: those that nobody ended, and those of which nobody knows how they did.
namespace nearline::stream::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Outcome = TransactionReport::Outcome;

/// A group of one broker's, which can be frozen.
class KafkaTransactions : public ::testing::Test {
protected:
    static void SetUpTestSuite() { broker_ = std::make_unique<OwnBroker>(); }
    static void TearDownTestSuite() { broker_.reset(); }

    void SetUp() override {
        stream_ = open_kafka(broker_->address(), {}, "tests", metrics_);
        for (const auto& name : {input_, output_}) stream_->admin(patience)->create_topic(name, {.partitions = 1});
        const auto producer = stream_->producer({.delivery_timeout = 20s});
        producer->produce(input_, 0, {.value = "0"}, [](const auto&) {});
        ASSERT_TRUE(producer->flush(patience));
    }

    std::unique_ptr<GroupConsumer> consumer() {
        return stream_->consumer({.group = group_, .topics = {input_}, .session_timeout = 10s}, {});
    }
    std::vector<std::string> answers() {
        std::vector<std::string> found;
        // A broker that was frozen has no leaders for a while.
        test::once_available([&] {
            found.clear();
            stream_->scan({{{output_, 0}, 0}}, patience, [&](ConsumedRecord&& record) {
                found.push_back(record.value.value_or("(null)"));
                return true;
            });
        });
        return found;
    }
    /// As kill -9 leaves a transaction: its records and offsets are there, and no word about how it ends.
    void leave_half_way(const GroupOffsets& offsets, std::chrono::seconds open_for) {
        const kafka::Cluster cluster{broker_->address(), {}, "tests", &metrics_};
        kafka::TransactionHandle killed(cluster, unique("id"), {.delivery = 3s, .transaction = open_for});
        killed.init(kafka::Clock::now() + patience);
        const auto* mine = dynamic_cast<const kafka::OffsetsOfMember*>(offsets.member.get());
        ASSERT_NE(mine, nullptr);
        auto* client = killed.client();
        ASSERT_EQ(rd_kafka_begin_transaction(client), nullptr);
        ASSERT_FALSE(kafka::produce(client, output_, 0, {.value = "half"}, nullptr));
        ASSERT_EQ(rd_kafka_send_offsets_to_transaction(client, mine->offsets.get(), mine->metadata.get(), 10'000),
                  nullptr);
        ASSERT_EQ(rd_kafka_flush(client, 10'000), RD_KAFKA_RESP_ERR_NO_ERROR);
    }
    std::vector<Position> first_done() const { return {{{input_, 0}, 1}}; }

    static inline std::unique_ptr<OwnBroker> broker_;
    const std::string input_ = unique("input"), output_ = unique("output"), group_ = unique("group");
    Metrics metrics_;
    std::unique_ptr<Stream> stream_;
};

/// Nobody reads past it, and nobody starts at the offsets before, until the brokers have ended it.
TEST_F(KafkaTransactions, OfAProcessThatWasKilledHalfWayEndByThemselves) {
    constexpr std::chrono::seconds open_for{8};
    Clock::time_point begun;
    {
        const auto one = consumer();
        ASSERT_THAT(take(*one, 1), SizeIs(1));
        begun = Clock::now();
        leave_half_way(one->offsets(first_done()), open_for);
    }
    EXPECT_THAT(stream_->admin(5s)->committed(group_), IsEmpty()) << "asking does not wait for it";
    const auto two = consumer();
    const auto records = take(*two, 1);
    EXPECT_THAT(values(records), ElementsAre("0"));
    EXPECT_GT(Clock::now() - begun, open_for) << "it had to wait for how the other one's ends";
    EXPECT_THAT(answers(), IsEmpty());
    const auto producer = stream_->transactional_producer({.group = group_});
    producer->settle();
    EXPECT_EQ(producer->transact({{output_, 0, {.value = "whole"}}}, two->offsets(first_done())).outcome,
              Outcome::committed);
    EXPECT_THAT(answers(), ElementsAre("whole"));
}

/// Not at the start either, where the partitions are shared out anew meanwhile.
TEST_F(KafkaTransactions, HoldTheirOffsetsForWhoeverGetsThePartitions) {
    constexpr std::chrono::seconds open_for{8};
    const auto input = unique("input");
    const TopicPartition first{input, 0}, second{input, 1};
    const GroupOptions group{.group = group_, .topics = {input}, .session_timeout = 10s};
    stream_->admin(patience)->create_topic(input, {.partitions = 2});
    const auto requests = stream_->producer({.delivery_timeout = 20s});
    for (const auto& value : {"0", "1", "2"}) {
        for (const int partition : {0, 1}) requests->produce(input, partition, {.value = value}, [](const auto&) {});
    }
    ASSERT_TRUE(requests->flush(patience));
    {
        const auto one = stream_->consumer(group, {});
        ASSERT_THAT(take(*one, 6), SizeIs(6));
        one->commit({{first, 1}, {second, 1}});
        leave_half_way(one->offsets({{first, 2}, {second, 2}}), open_for);
    }
    std::map<TopicPartition, std::vector<std::string>> read;
    const auto poll = [&](GroupConsumer& consumer) {
        for (auto& record : consumer.poll(100, 20ms)) read[record.at].push_back(record.value.value_or("(null)"));
    };
    const auto two = stream_->consumer(group, {});
    ASSERT_TRUE(wait_until([&] {
        poll(*two);
        return two->assignment().size() == 2;
    }));
    const auto three = stream_->consumer(group, {});
    ASSERT_TRUE(wait_until([&] {
        poll(*two);
        poll(*three);
        return read[first].size() >= 2 && read[second].size() >= 2;
    }));
    EXPECT_THAT(read[first], ElementsAre("1", "2"));
    EXPECT_THAT(read[second], ElementsAre("1", "2"));
}

TEST_F(KafkaTransactions, ThatNobodyAnsweredAreSettledByTheNextHandle) {
    const auto producer = stream_->transactional_producer({.group = group_, .delivery_timeout = 2s});
    producer->settle();
    auto one = consumer();
    ASSERT_THAT(take(*one, 1), SizeIs(1));
    const auto offsets = one->offsets(first_done());
    broker_->freeze();
    const auto start = Clock::now();
    const auto report = producer->transact({{output_, 0, {.value = "perhaps"}}}, offsets);
    EXPECT_EQ(report.outcome, Outcome::unknown) << report.reason;
    EXPECT_LT(Clock::now() - start, 10s);
    EXPECT_EQ(producer->transact({{output_, 0, {.value = "b"}}}, offsets).outcome, Outcome::unknown)
        << "nothing before it is settled";
    EXPECT_THROW(producer->settle(), Unavailable);
    broker_->thaw();
    test::once_available([&] { producer->settle(); });
    one.reset();
    // Whichever it was: the answer is there if, and only if, the group goes on behind its question.
    const auto stored = answers();
    one = consumer();
    ASSERT_TRUE(poll_until([&] { return one->assignment().size() == 1; }, *one));
    EXPECT_EQ(stored.size(), stream_->admin(patience)->committed(group_).size());
    ASSERT_TRUE(poll_until(
        [&] {
            const auto outcome =
                producer->transact({{output_, 0, {.value = "after"}}}, one->offsets(first_done())).outcome;
            if (outcome == Outcome::unknown) test::once_available([&] { producer->settle(); });
            return outcome == Outcome::committed;
        },
        *one));
    const auto all = answers();
    EXPECT_GT(all.size(), stored.size());
    EXPECT_EQ(all.back(), "after");
}

}  // namespace
}  // namespace nearline::stream::testing
