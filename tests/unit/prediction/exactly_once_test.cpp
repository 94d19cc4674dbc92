#include <atomic>

#include "worker_fixture.hpp"

namespace nearline::prediction {
namespace {

using stream::Addressed;
using stream::GroupOffsets;
using stream::TransactionReport;
using testing::Each;
using testing::ElementsAre;
using testing::IsEmpty;
using Outcome = TransactionReport::Outcome;

/// A worker that stores answers and offsets in transactions.
class ExactlyOnceTest : public WorkerTest {
protected:
    ExactlyOnceTest() { options_.exactly_once = true; }

    /// What the first so many transactions end with.
    void end_with(TransactionReport report, int times = 1) {
        left_ = times;
        stream_.transact([this, report = std::move(report)](const auto&, const auto&) {
            return left_-- > 0 ? report : TransactionReport{};
        });
    }
    double transactions(const std::string& outcome) {
        return count("nearline_prediction_transactions_total", {{"outcome", outcome}});
    }

    std::atomic<int> left_{0};
};

TEST_F(ExactlyOnceTest, AnswersAndOffsetsOfAPollAreOneTransaction) {
    for (int i = 0; i < 3; ++i) stream_.append("input-topic", 0, request(setosa));
    stream_.append("input-topic", 1, request(virginica, {{"request-id", new_id()}, {"reply-partition", "2"}}));
    stream_.append("input-topic", 2, {.key = {}, .value = "poison", .headers = {{"request-id", new_id()}}});
    start();
    ASSERT_TRUE(wait_for_commit(2, 1));
    EXPECT_EQ(committed(0), 3);
    EXPECT_EQ(committed(1), 1);
    EXPECT_THAT(stream_.transactions(), ElementsAre(6)) << "four answers, a dead letter and its failure";
    EXPECT_EQ(answers().size(), 5U);
    EXPECT_EQ(dead_letters().size(), 1U);
    ASSERT_TRUE(stream_.wait([&] { return transactions("committed") == 1; }));
    ASSERT_TRUE(stream_.wait([&] {
        return count("nearline_prediction_records_total", {{"outcome", "rejected"}}) == 1;
    }));
    EXPECT_EQ(count("nearline_prediction_records_total", {{"outcome", "predicted"}}), 4);
    worker_->drain(std::chrono::steady_clock::now() + std::chrono::seconds(5));
    EXPECT_EQ(stream_.blocking_commits(), 0) << "nothing is committed beside them";
    EXPECT_EQ(stream_.settled(), 1);
}

TEST_F(ExactlyOnceTest, WhatWasAbortedIsTriedAgain) {
    end_with({.outcome = Outcome::aborted, .reason = "too few replicas"}, 3);
    for (int i = 0; i < 2; ++i) stream_.append("input-topic", 0, request(setosa));
    start();
    ASSERT_TRUE(stream_.wait([&] { return health_.missing()["stream"] == "too few replicas"; }));
    ASSERT_TRUE(wait_for_commit(0, 2));
    EXPECT_EQ(answers().size(), 2U);
    EXPECT_TRUE(stream_.wait([&] { return health_.missing().empty(); }));
    EXPECT_EQ(transactions("aborted"), 3);
    EXPECT_EQ(stream_.consumers_made(), 1);
}

TEST_F(ExactlyOnceTest, AfterOneThatNobodyKnowsOfTheGroupsOffsetsTell) {
    // The first was stored, and nobody said so.
    std::atomic<int> tries{0};
    stream_.transact([&](const auto&, const GroupOffsets&) {
        if (tries++ > 0) return TransactionReport{};
        stream_.fail_settling(2);
        stream_.commit(in(0), 2);
        stream_.assign({in(0), in(1), in(2)});
        return TransactionReport{.outcome = Outcome::unknown, .reason = "timed out"};
    });
    for (int i = 0; i < 2; ++i) stream_.append("input-topic", 0, request(setosa));
    start();
    ASSERT_TRUE(stream_.wait([&] { return transactions("unknown") == 1; }));
    stream_.append("input-topic", 0, request(virginica));
    ASSERT_TRUE(wait_for_commit(0, 3));
    EXPECT_EQ(stream_.settled(), 2) << "before each consumer; two tries failed";
    EXPECT_EQ(stream_.consumers_made(), 2);
    ASSERT_EQ(answers().size(), 1U) << "what had been stored is not predicted again";
    EXPECT_EQ(json_of(answers()[0]).at("prediction"), "virginica");
    EXPECT_EQ(transactions("unknown"), 1);
}

TEST_F(ExactlyOnceTest, WhatIsOutdatedIsTriedAgainAfterAPoll) {
    end_with({.outcome = Outcome::outdated, .reason = "another generation"}, 2);
    stream_.append("input-topic", 0, request(setosa));
    start();
    ASSERT_TRUE(wait_for_commit(0, 1));
    EXPECT_EQ(answers().size(), 1U);
    EXPECT_EQ(transactions("outdated"), 2);
    EXPECT_EQ(stream_.consumers_made(), 1) << "it stays a member";
    EXPECT_TRUE(health_.missing().empty());
}

TEST_F(ExactlyOnceTest, WhatIsTooLargeIsFoundAmongOthers) {
    // As a topic does that counts what goes in one piece: all of it is too large, or none.
    stream_.transact([&](const std::vector<Addressed>& records, const auto&) {
        TransactionReport report;
        std::size_t size = 0;
        for (const auto& [topic, partition, record] : records) {
            if (topic == "output-topic") size += record.key.value_or("").size() + record.value->size();
        }
        if (size < 1'000) return report;
        report.outcome = Outcome::too_large;
        report.reason = "too large";
        for (std::size_t i = 0; i < records.size(); ++i) {
            if (records[i].topic == "output-topic") report.oversized.push_back(i);
        }
        return report;
    });
    auto record = request(setosa, {{"request-id", new_id()}});
    record.key = std::string(2'000, 'k');
    for (int i = 0; i < 8; ++i) stream_.append("input-topic", 0, i == 5 ? record : request(setosa));
    start();
    ASSERT_TRUE(wait_for_commit(0, 8));
    ASSERT_EQ(answers().size(), 8U);
    for (std::size_t i = 0; i < 8; ++i) EXPECT_EQ(json_of(answers()[i]).at("status"), i == 5 ? 422 : 200) << i;
    ASSERT_EQ(dead_letters().size(), 1U);
    EXPECT_EQ(header(dead_letters()[0], "__connect.errors.class.name"), "AnswerTooLarge");
    EXPECT_TRUE(health_.missing().empty());
}

TEST_F(ExactlyOnceTest, AnAnswerWaitsForThoseBeforeItInItsPartition) {
    start();
    ASSERT_TRUE(stream_.wait([&] { return ready_.load(); }));
    const auto new_schema = registry_.put("input-topic-value", R"({"type":"object"})");
    registry_.away(true);
    stream_.append("input-topic", 0, request(setosa));
    stream_.append("input-topic", 0, {.key = {}, .value = schema::frame(new_schema, virginica)});
    stream_.append("input-topic", 0, request(setosa));
    stream_.append("input-topic", 1, request(setosa));
    ASSERT_TRUE(wait_for_commit(1, 1)) << "another partition waits for nothing";
    ASSERT_TRUE(wait_for_commit(0, 1));
    EXPECT_EQ(answers().size(), 2U);
    registry_.away(false);
    ASSERT_TRUE(wait_for_commit(0, 3));
    ASSERT_EQ(answers().size(), 4U);
    EXPECT_EQ(json_of(answers()[2]).at("prediction"), "virginica");
}

TEST_F(ExactlyOnceTest, WhatTheRegistryCanNotTellAtOnceHoldsUpNoAnswer) {
    options_.retry_topic = "input-topic.prediction.retry";
    start();
    ASSERT_TRUE(stream_.wait([&] { return ready_.load(); }));
    const auto new_schema = registry_.put("input-topic-value", R"({"type":"object"})");
    registry_.away(true);
    stream_.append("input-topic", 0, {.key = {}, .value = schema::frame(new_schema, virginica)});
    stream_.append("input-topic", 0, request(setosa));
    ASSERT_TRUE(wait_for_commit(0, 2));
    ASSERT_EQ(answers().size(), 1U);
    EXPECT_EQ(json_of(answers()[0]).at("prediction"), "setosa");
    EXPECT_EQ(stream_.stored(options_.retry_topic).size(), 1U);
    EXPECT_TRUE(stream_.wait([&] {
        return count("nearline_prediction_records_total", {{"outcome", "deferred"}}) == 1;
    }));
}

TEST_F(ExactlyOnceTest, APartitionThatGoesTakesWhatIsNotStoredAlong) {
    end_with({.outcome = Outcome::aborted, .reason = "away"}, 0);
    stream_.append("input-topic", 1, request(setosa));
    start();
    ASSERT_TRUE(wait_for_commit(1, 1));
    left_ = 1'000;
    stream_.append("input-topic", 0, request(setosa));
    ASSERT_TRUE(stream_.wait([&] { return transactions("aborted") > 0; }));
    stream_.revoke({in(0)});
    ASSERT_TRUE(stream_.wait([&] {
        return count("nearline_prediction_records_total", {{"outcome", "abandoned"}}) == 1;
    }));
    EXPECT_TRUE(stream_.wait([&] { return health_.missing().empty(); })) << "it has nothing that could fail";
    left_ = 0;
    stream_.assign({in(0)});
    ASSERT_TRUE(wait_for_commit(0, 1));
    EXPECT_EQ(answers().size(), 2U);
}

TEST_F(ExactlyOnceTest, ADrainStoresWhatWasTaken) {
    end_with({.outcome = Outcome::outdated, .reason = "another generation"}, 1'000);
    stream_.append("input-topic", 0, request(setosa));
    start();
    ASSERT_TRUE(stream_.wait([&] { return transactions("outdated") > 0; }));
    left_ = 3;
    worker_->drain(std::chrono::steady_clock::now() + std::chrono::seconds(5));
    EXPECT_EQ(committed(0), 1) << "the group is heard of meanwhile";
    EXPECT_EQ(answers().size(), 1U);
}

TEST_F(ExactlyOnceTest, ALoadOfManyIsSplit) {
    options_.max_batch = 10;
    for (int i = 0; i < 35; ++i) stream_.append("input-topic", i % 3, request(setosa));
    start();
    ASSERT_TRUE(wait_for_answers(35));
    ASSERT_TRUE(wait_for_commit(0, 12));
    EXPECT_THAT(stream_.transactions(), Each(testing::Le(10U)));
    EXPECT_THAT(dead_letters(), IsEmpty());
}

}  // namespace
}  // namespace nearline::prediction
