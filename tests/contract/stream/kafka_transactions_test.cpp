#include <gmock/gmock.h>

#include "contract/stream/fixture.hpp"
#include "domain/problem.hpp"
#include "stream/kafka/records.hpp"
#include "stream/kafka/transaction_handle.hpp"

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
        stream_->scan({{{output_, 0}, 0}}, patience, [&](ConsumedRecord&& record) {
            found.push_back(record.value.value_or("(null)"));
            return true;
        });
        return found;
    }
    std::vector<Position> first_done() const { return {{{input_, 0}, 1}}; }

    static inline std::unique_ptr<OwnBroker> broker_;
    const std::string input_ = unique("input"), output_ = unique("output"), group_ = unique("group");
    Metrics metrics_;
    std::unique_ptr<Stream> stream_;
};

/// As kill -9 leaves it: its records and offsets are there, and no word about them. Nobody reads past them, and nobody
/// starts at the offsets before, until the brokers have ended it.
TEST_F(KafkaTransactions, OfAProcessThatWasKilledHalfWayEndByThemselves) {
    constexpr std::chrono::seconds open_for{4};
    const kafka::Cluster cluster{broker_->address(), {}, "tests", &metrics_};
    auto killed = std::make_unique<kafka::TransactionHandle>(
        cluster, unique("id"), kafka::TransactionHandle::Times{.delivery = 3s, .transaction = open_for});
    killed->init(kafka::Clock::now() + patience);
    {
        const auto one = consumer();
        ASSERT_THAT(take(*one, 1), SizeIs(1));
        const auto offsets = one->offsets(first_done());
        const auto* mine = dynamic_cast<const kafka::OffsetsOfMember*>(offsets.member.get());
        ASSERT_NE(mine, nullptr);
        auto* client = killed->client();
        ASSERT_EQ(rd_kafka_begin_transaction(client), nullptr);
        ASSERT_FALSE(kafka::produce(client, output_, 0, {.value = "half"}, nullptr));
        ASSERT_EQ(rd_kafka_send_offsets_to_transaction(client, mine->offsets.get(), mine->metadata.get(), 10'000),
                  nullptr);
        ASSERT_EQ(rd_kafka_flush(client, 10'000), RD_KAFKA_RESP_ERR_NO_ERROR);
    }
    const auto left = Clock::now();
    killed.reset();
    EXPECT_THAT(stream_->admin(5s)->committed(group_), IsEmpty()) << "asking does not wait for it";
    const auto two = consumer();
    const auto records = take(*two, 1);
    EXPECT_THAT(values(records), ElementsAre("0"));
    EXPECT_GT(Clock::now() - left, open_for / 2) << "it had to wait for how the other one's ends";
    EXPECT_THAT(answers(), IsEmpty());
    const auto producer = stream_->transactional_producer({.group = group_});
    producer->settle();
    EXPECT_EQ(producer->transact({{output_, 0, {.value = "whole"}}}, two->offsets(first_done())).outcome,
              Outcome::committed);
    EXPECT_THAT(answers(), ElementsAre("whole"));
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
    ASSERT_TRUE(wait_until([&] {
        try {
            producer->settle();
            return true;
        } catch (const Unavailable&) {
            return false;
        }
    }));
    one.reset();
    // Whichever it was: the answer is there if, and only if, the group goes on behind its question.
    const auto stored = answers();
    one = consumer();
    ASSERT_TRUE(poll_until([&] { return one->assignment().size() == 1; }, *one));
    EXPECT_EQ(stored.size(), stream_->admin(patience)->committed(group_).size());
    one->seek({{input_, 0}, 0});
    EXPECT_EQ(producer->transact({{output_, 0, {.value = "after"}}}, one->offsets(first_done())).outcome,
              Outcome::committed);
    EXPECT_EQ(answers().size(), stored.size() + 1);
}

}  // namespace
}  // namespace nearline::stream::testing
