#include <gmock/gmock.h>

#include "contract/stream/fixture.hpp"

namespace nearline::stream::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Outcome = TransactionReport::Outcome;

/// A member of a group takes records from one topic, and writes to another.
class Transactions : public StreamContract {
protected:
    void SetUp() override {
        StreamContract::SetUp();
        input_ = topic(2);
        output_ = topic(1);
        producer_ = stream().transactional_producer({.group = group_});
        ASSERT_NO_THROW(producer_->settle());
    }
    void TearDown() override {
        producer_.reset();
        StreamContract::TearDown();
    }

    GroupOptions options() const { return group(input_, group_); }
    std::unique_ptr<GroupConsumer> consumer(RebalanceListener listener = {}) {
        return stream().consumer(options(), std::move(listener));
    }
    /// Owns all, and has read nothing but what is its.
    std::unique_ptr<GroupConsumer> owner_of_all(RebalanceListener listener = {}) {
        auto one = consumer(std::move(listener));
        EXPECT_TRUE(poll_until([&] { return one->assignment().size() == 2; }, *one));
        return one;
    }
    Addressed answer(const std::string& value) const { return {output_, 0, {.value = value}}; }
    Position next(std::int64_t offset, int partition = 0) const { return {{input_, partition}, offset}; }

    std::vector<std::string> answers() {
        std::vector<std::string> found;
        stream().scan({{{output_, 0}, 0}}, patience, [&](ConsumedRecord&& record) {
            found.push_back(record.value.value_or("(null)"));
            return true;
        });
        return found;
    }
    std::int64_t committed(int partition = 0) {
        const auto all = admin()->committed(group_);
        const auto found = all.find({input_, partition});
        return found == all.end() ? -1 : found->second;
    }
    /// Kafka's coordinator hears of a transaction's end a moment after its writer.
    bool goes_on_at(std::int64_t offset, int partition = 0) {
        return wait_until([&] { return committed(partition) == offset; });
    }

    const std::string group_ = unique("group");
    std::string input_, output_;
    std::unique_ptr<TransactionalProducer> producer_;
};

TEST_P(Transactions, StoreRecordsAndOffsetsTogether) {
    const auto other = topic(1);
    send_values(input_, 0, {"0", "1"});
    send_values(input_, 1, {"2"});
    {
        const auto one = consumer();
        ASSERT_THAT(take(*one, 3), SizeIs(3));
        const auto report =
            producer_->transact({answer("a"), {other, {}, {.key = "k", .value = "letter"}}, answer("b")},
                                one->offsets({next(2), next(1, 1)}));
        ASSERT_EQ(report.outcome, Outcome::committed) << report.reason;
    }
    EXPECT_THAT(answers(), ElementsAre("a", "b"));
    EXPECT_TRUE(goes_on_at(2));
    EXPECT_TRUE(goes_on_at(1, 1));
    send_values(input_, 0, {"3"});
    const auto two = consumer();
    EXPECT_THAT(values(take(*two, 1)), ElementsAre("3"));
}

TEST_P(Transactions, FollowOneAnother) {
    const auto one = owner_of_all();
    const auto reader = stream().reader();
    reader->assign({{{output_, 0}, 0}});
    for (int i = 1; i <= 20; ++i) {
        ASSERT_EQ(producer_->transact({answer(std::to_string(i))}, one->offsets({next(i)})).outcome,
                  Outcome::committed);
        EXPECT_THAT(values(take(*reader, 1)), ElementsAre(std::to_string(i)));
        EXPECT_TRUE(goes_on_at(i));
    }
}

TEST_P(Transactions, MayHaveOffsetsAlone) {
    const auto one = owner_of_all();
    EXPECT_EQ(producer_->transact({}, one->offsets({next(7)})).outcome, Outcome::committed);
    EXPECT_TRUE(goes_on_at(7));
    EXPECT_EQ(producer_->transact({}, {}).outcome, Outcome::committed);
    EXPECT_THAT(answers(), IsEmpty());
}

TEST_P(Transactions, ThatAreAbortedAreSeenByNobody) {
    const auto one = owner_of_all();
    const auto reader = stream().reader();
    reader->assign({{{output_, 0}, 0}});
    const auto report =
        producer_->transact({answer("a"), {unique("missing"), 0, {.value = "b"}}}, one->offsets({next(1)}));
    EXPECT_EQ(report.outcome, Outcome::aborted);
    EXPECT_NE(report.reason, "");
    EXPECT_EQ(committed(), -1);
    ASSERT_EQ(producer_->transact({answer("again")}, one->offsets({next(1)})).outcome, Outcome::committed);
    EXPECT_THAT(values(take(*reader, 1)), ElementsAre("again"));
    EXPECT_THAT(answers(), ElementsAre("again"));
    EXPECT_TRUE(goes_on_at(1));
}

TEST_P(Transactions, SayWhatIsTooLarge) {
    const auto one = owner_of_all();
    const Addressed too_large{output_, 0, {.value = std::string(5UL << 20, 'x')}};
    const auto report = producer_->transact({answer("a"), too_large}, one->offsets({next(2)}));
    ASSERT_EQ(report.outcome, Outcome::too_large) << report.reason;
    EXPECT_THAT(report.oversized, Contains(1U));
    EXPECT_NE(report.reason, "");
    EXPECT_EQ(producer_->transact({too_large}, one->offsets({next(1)})).oversized, std::vector<std::size_t>{0});
    EXPECT_EQ(committed(), -1);
    // librdkafka may need one more to notice that the broker has not got what it refused.
    const auto again = [&] {
        return producer_->transact({answer("a"), answer("small")}, one->offsets({next(2)})).outcome;
    };
    ASSERT_TRUE(wait_until([&] { return again() == Outcome::committed; }));
    EXPECT_THAT(answers(), ElementsAre("a", "small"));
}

TEST_P(Transactions, TakeNoOffsetsOfAnother) {
    const auto one = owner_of_all();
    const auto two = consumer();
    ASSERT_TRUE(poll_until([&] { return one->assignment().size() == 1 && two->assignment().size() == 1; }, *one, *two));
    const auto of_two = *two->assignment().begin();
    const auto report = producer_->transact({answer("a")}, one->offsets({{of_two, 1}}));
    EXPECT_EQ(report.outcome, Outcome::outdated) << report.reason;
    EXPECT_EQ(producer_->transact({answer("b")}, two->offsets({{of_two, 1}})).outcome, Outcome::committed);
    const auto kept = *one->assignment().begin();
    EXPECT_TRUE(poll_until(
        [&] {
            return producer_->transact({answer("c")}, one->offsets({{kept, 1}})).outcome == Outcome::committed;
        },
        *one, *two))
        << "what stays goes on, once it was told of the rebalance";
    EXPECT_THAT(answers(), ElementsAre("b", "c"));
}

/// Alive for itself, and for its group no more.
TEST_P(Transactions, OfAZombieWriteNothing) {
    auto impatient = options();
    impatient.session_timeout = 1'500ms;
    impatient.max_poll_interval = 1'500ms;
    send_values(input_, 0, {"0"});
    std::set<TopicPartition> gone;
    const auto note = [&](const std::vector<TopicPartition>& more) { gone.insert(more.begin(), more.end()); };
    // Kafka's may have been asked to give one of them up before it was thought dead.
    const auto zombie = stream().consumer(impatient, {.revoked = note, .lost = note});
    ASSERT_THAT(take(*zombie, 1), SizeIs(1));
    const auto before = zombie->offsets({next(1)});
    const auto other = stream().consumer(impatient, {});
    ASSERT_THAT(take(*other, 1), SizeIs(1)) << "again, as its offset was not committed";
    ASSERT_TRUE(poll_until([&] { return other->assignment().size() == 2; }, *other));
    for (const auto& offsets : {before, zombie->offsets({next(1)})}) {
        const auto report = producer_->transact({answer("of a zombie")}, offsets);
        EXPECT_EQ(report.outcome, Outcome::outdated) << report.reason;
    }
    const auto other_producer = stream().transactional_producer({.group = group_});
    other_producer->settle();
    EXPECT_EQ(other_producer->transact({answer("of the living")}, other->offsets({next(1)})).outcome,
              Outcome::committed);
    EXPECT_THAT(answers(), ElementsAre("of the living"));
    EXPECT_TRUE(poll_until([&] { return gone.contains({input_, 0}); }, *zombie, *other));
}

/// The last chance of a member that gives partitions up, amid the rebalance.
TEST_P(Transactions, AreTakenFromAMemberThatIsAskedToGive) {
    GroupConsumer* member = nullptr;
    std::vector<TransactionReport> reports;
    const auto commit = [&](const std::vector<TopicPartition>& going) {
        for (const auto& at : going)
            reports.push_back(producer_->transact({answer("last")}, member->offsets({{at, 5}})));
    };
    const auto one = owner_of_all({.revoked = commit});
    member = one.get();
    const auto two = consumer();
    ASSERT_TRUE(poll_until([&] { return two->assignment().size() == 1; }, *one, *two));
    ASSERT_THAT(reports, SizeIs(1));
    EXPECT_EQ(reports[0].outcome, Outcome::committed) << reports[0].reason;
    EXPECT_TRUE(goes_on_at(5, two->assignment().begin()->partition));
    // Once it was told how the group goes on, which close() would tell it too late.
    const auto kept = *one->assignment().begin();
    ASSERT_TRUE(poll_until(
        [&] {
            return producer_->transact({}, one->offsets({{kept, 4}})).outcome == Outcome::committed;
        },
        *one, *two));
    one->close();
    ASSERT_THAT(reports, SizeIs(2));
    EXPECT_EQ(reports[1].outcome, Outcome::committed) << reports[1].reason;
    EXPECT_THAT(answers(), ElementsAre("last", "last"));
    EXPECT_EQ(producer_->transact({answer("too late")}, GroupOffsets{.next = {next(6)}}).outcome, Outcome::outdated);
}

INSTANTIATE_TEST_SUITE_P(Stream, Transactions, ::testing::ValuesIn(implementations()), name_of);

}  // namespace
}  // namespace nearline::stream::testing
