#include <atomic>

#include "worker_fixture.hpp"

namespace nearline::prediction {
namespace {

using stream::Delivery;
using testing::HasSubstr;
using namespace std::chrono_literals;

class WorkerFaultsTest : public WorkerTest {};

TEST_F(WorkerFaultsTest, CommitsNothingBeforeItsAnswerIsStored) {
    std::atomic<int> produced{0};
    stream_.deliver([&](auto&&...) { return produced++ == 0 ? hold() : Delivery{}; });
    for (int i = 0; i < 3; ++i) stream_.append("input-topic", 0, request(setosa));
    stream_.append("input-topic", 1, request(setosa));
    start();
    ASSERT_TRUE(wait_for_commit(1, 1)) << "another partition waits for nothing";
    EXPECT_EQ(answers().size(), 3U);
    EXPECT_EQ(committed(0), -1) << "two later ones are stored, the first is not";
    stream_.release(Delivery{});
    EXPECT_TRUE(wait_for_commit(0, 3));
}

TEST_F(WorkerFaultsTest, CommitsNothingBeforeBothDeadLetterAndFailureAreStored) {
    stream_.deliver([&](const std::string& topic, auto&&...) { return topic == dlq ? hold() : Delivery{}; });
    stream_.append("input-topic", 0, {.key = {}, .value = "poison", .headers = {{"request-id", new_id()}}});
    stream_.append("input-topic", 1, request(setosa));
    start();
    ASSERT_TRUE(wait_for_answers(2));
    ASSERT_TRUE(wait_for_commit(1, 1));
    EXPECT_EQ(committed(0), -1);
    stream_.release(Delivery{});
    EXPECT_TRUE(wait_for_commit(0, 1));
}

TEST_F(WorkerFaultsTest, SendsTheSameAnswerAgainUntilItIsStored) {
    std::atomic<int> failures{3};
    std::mutex mutex;
    std::vector<std::string> values;
    stream_.deliver([&](const std::string&, auto, const stream::Record& record) -> std::optional<Delivery> {
        const std::scoped_lock lock(mutex);
        values.push_back(*record.value);
        if (failures-- > 0) return failed();
        return Delivery{};
    });
    stream_.append("input-topic", 0, request(setosa));
    start();
    ASSERT_TRUE(stream_.wait([&] { return health_.missing()["stream"] == "timed out"; }));
    EXPECT_EQ(committed(0), -1);
    ASSERT_TRUE(wait_for_commit(0, 1));
    EXPECT_EQ(answers().size(), 1U);
    EXPECT_TRUE(stream_.wait([&] { return health_.missing().empty(); }));
    EXPECT_EQ(count("nearline_prediction_deliveries_repeated_total"), 3);
    const std::scoped_lock lock(mutex);
    EXPECT_EQ(std::set<std::string>(values.begin(), values.end()).size(), 1U) << "all the same";
}

TEST_F(WorkerFaultsTest, AnAnswerThatIsTooLargeBecomesADeadLetterAndAFailure) {
    const auto id = new_id();
    stream_.deliver([&](const std::string&, auto, const stream::Record& record) {
        if (record.key.value_or("").size() + record.value.value_or("").size() < 1'000) return std::optional(Delivery{});
        return std::optional(
            Delivery{.outcome = Delivery::Outcome::rejected, .reason = "too large", .too_large = true});
    });
    auto record = request(setosa, {{"request-id", id}});
    record.key = std::string(2'000, 'k');
    stream_.append("input-topic", 0, record);
    start();
    ASSERT_TRUE(wait_for_commit(0, 1));
    ASSERT_EQ(answers().size(), 1U);
    EXPECT_EQ(answers()[0].record.key, std::nullopt);
    EXPECT_EQ(json_of(answers()[0]).at("status"), 422);
    EXPECT_EQ(json_of(answers()[0]).at("sepal_length"), 5.2);
    ASSERT_EQ(dead_letters().size(), 1U);
    EXPECT_EQ(header(dead_letters()[0], "__connect.errors.class.name"), "AnswerTooLarge");
    EXPECT_NE(header(dead_letters()[0], "nearline.value.sha256"), "(none)");
}

TEST_F(WorkerFaultsTest, ARegistryThatIsAwayHoldsUpOnlyWhatNeedsIt) {
    start();
    ASSERT_TRUE(stream_.wait([&] { return ready_.load(); }));
    const auto new_schema = registry_.put("input-topic-value", R"({"type":"object"})");
    registry_.away(true);
    stream_.append("input-topic", 0, {.key = {}, .value = schema::frame(new_schema, virginica)});
    stream_.append("input-topic", 0, request(setosa));
    ASSERT_TRUE(wait_for_answers(1));
    EXPECT_EQ(json_of(answers()[0]).at("prediction"), "setosa");
    ASSERT_TRUE(stream_.wait([&] { return health_.missing().contains("schema registry"); }));
    EXPECT_EQ(committed(0), -1);
    registry_.away(false);
    ASSERT_TRUE(wait_for_commit(0, 2)) << "nothing lost, nothing rejected";
    EXPECT_EQ(json_of(answers().at(1)).at("prediction"), "virginica");
    EXPECT_TRUE(dead_letters().empty());
    EXPECT_TRUE(stream_.wait([&] { return health_.missing().empty(); }));
}

TEST_F(WorkerFaultsTest, WaitsForRegistryAndStreamAtStart) {
    stream_.fail_admin(true);
    registry_.away(true);
    stream_.append("input-topic", 0, request(setosa));
    start();
    ASSERT_TRUE(stream_.wait([&] { return health_.missing().contains("stream"); }));
    stream_.fail_admin(false);
    ASSERT_TRUE(stream_.wait([&] { return health_.missing().contains("schema registry"); }));
    EXPECT_FALSE(ready_);
    registry_.away(false);
    EXPECT_TRUE(wait_for_commit(0, 1));
    EXPECT_TRUE(ready_);
    EXPECT_TRUE(health_.missing().empty());
}

TEST_F(WorkerFaultsTest, StopsWhileItWaits) {
    stream_.fail_admin(true);
    start();
    ASSERT_TRUE(stream_.wait([&] { return health_.missing().contains("stream"); }));
    worker_->stop();
}

TEST_F(WorkerFaultsTest, AnOutputSchemaThatIsRefusedIsFatal) {
    registry_.refuse("output-topic-value");
    start();
    ASSERT_TRUE(stream_.wait([&] {
        const std::scoped_lock lock(fatal_mutex_);
        return !fatal_.empty();
    }));
    EXPECT_THAT(fatal_, HasSubstr("refuses the schema of output-topic: incompatible"));
}

TEST_F(WorkerFaultsTest, AnInputSchemaThatIsRefusedIsNot) {
    const auto other = registry_.put("input-topic-value", R"({"type":"object"})");
    registry_.refuse("input-topic-value");
    stream_.append("input-topic", 0, {.key = {}, .value = schema::frame(other, setosa)});
    start();
    EXPECT_TRUE(wait_for_answers(1));
}

TEST_F(WorkerFaultsTest, ARevokedPartitionIsFinishedAndCommittedBeforeItGoes) {
    std::atomic<bool> holds{true};
    stream_.deliver([&](auto&&...) { return holds ? hold() : Delivery{}; });
    options_.handover_time = 10s;
    stream_.append("input-topic", 0, request(setosa));
    start();
    ASSERT_TRUE(stream_.wait([&] { return stream_.held() == 1; }));
    stream_.revoke({in(0)});
    holds = false;
    stream_.release(Delivery{});
    ASSERT_TRUE(stream_.wait([&] { return stream_.blocking_commits() == 1; }));
    EXPECT_EQ(committed(0), 1);
    stream_.append("input-topic", 1, request(setosa));
    EXPECT_TRUE(wait_for_commit(1, 1)) << "goes on with what it has";
}

TEST_F(WorkerFaultsTest, WhatDoesNotEndInTimeIsLeftToTheNextMember) {
    std::atomic<bool> holds{true};
    stream_.deliver([&](auto&&...) { return holds ? hold() : Delivery{}; });
    stream_.append("input-topic", 0, request(setosa));
    start();
    ASSERT_TRUE(stream_.wait([&] { return stream_.held() == 1; }));
    stream_.revoke({in(0)});
    stream_.assign({in(0)});  // and back
    ASSERT_TRUE(stream_.wait([&] { return stream_.held() == 2; })) << "read again, from the committed offset";
    EXPECT_EQ(committed(0), -1);
    holds = false;
    stream_.release(failed());
    ASSERT_TRUE(wait_for_commit(0, 1));
    EXPECT_EQ(answers().size(), 1U) << "the first, given up, is not sent again";
    EXPECT_TRUE(stream_.wait([&] {
        return count("nearline_prediction_records_total", {{"outcome", "abandoned"}}) == 1;
    }));
}

TEST_F(WorkerFaultsTest, ALostPartitionIsNotCommitted) {
    std::atomic<bool> holds{true};
    stream_.deliver([&](auto&&...) { return holds ? hold() : Delivery{}; });
    stream_.append("input-topic", 0, request(setosa));
    start();
    ASSERT_TRUE(stream_.wait([&] { return stream_.held() == 1; }));
    stream_.lose({in(0)});
    stream_.append("input-topic", 1, request(setosa));
    ASSERT_TRUE(stream_.wait([&] { return stream_.held() == 2; }));
    stream_.release(Delivery{});
    ASSERT_TRUE(wait_for_commit(1, 1));
    EXPECT_EQ(committed(0), -1);
    EXPECT_EQ(stream_.blocking_commits(), 0);
}

TEST_F(WorkerFaultsTest, AMissedCommitIsMadeGoodAfterARebalance) {
    stream_.fail_commits(true);
    stream_.append("input-topic", 0, request(setosa));
    start();
    ASSERT_TRUE(stream_.wait([&] {
        return count("nearline_prediction_records_total", {{"outcome", "predicted"}}) == 1;
    }));
    EXPECT_EQ(committed(0), -1);
    stream_.fail_commits(false);
    stream_.assign({{"input-topic", 3}});
    EXPECT_TRUE(wait_for_commit(0, 1));
}

TEST_F(WorkerFaultsTest, ABrokenHandleIsMadeAnew) {
    std::atomic<bool> holds{true};
    stream_.deliver([&](auto&&...) { return holds ? hold() : Delivery{}; });
    stream_.append("input-topic", 0, request(setosa));
    start();
    ASSERT_TRUE(stream_.wait([&] { return stream_.held() == 1; }));
    stream_.fail_next_poll();
    ASSERT_TRUE(stream_.wait([&] { return stream_.consumers_made() == 2; }));
    stream_.assign({in(0)});
    ASSERT_TRUE(stream_.wait([&] { return stream_.held() == 2; })) << "read again";
    holds = false;
    stream_.release(Delivery{});
    EXPECT_TRUE(wait_for_commit(0, 1));
}

TEST_F(WorkerFaultsTest, TakesNoMoreThanItsBoundAndGoesOnAfterwards) {
    options_.max_in_flight = 20;
    options_.max_batch = 5;
    std::atomic<bool> holds{true};
    stream_.deliver([&](auto&&...) { return holds ? hold() : Delivery{}; });
    for (int i = 0; i < 100; ++i) stream_.append("input-topic", i % 3, request(setosa));
    start();
    ASSERT_TRUE(stream_.wait([&] { return stream_.paused().size() == 3; }));
    EXPECT_EQ(stream_.held(), 20U);
    stream_.assign({{"input-topic", 3}});
    ASSERT_TRUE(stream_.wait([&] { return stream_.paused().size() == 4; })) << "a new partition, too";
    holds = false;
    stream_.release(Delivery{});
    ASSERT_TRUE(wait_for_answers(100));
    EXPECT_TRUE(stream_.paused().empty());
    EXPECT_TRUE(wait_for_commit(0, 34));
}

TEST_F(WorkerFaultsTest, DrainWaitsForWhatIsUnderWayAndCommitsIt) {
    stream_.deliver([&](auto&&...) { return hold(); });
    stream_.append("input-topic", 0, request(setosa));
    start();
    ASSERT_TRUE(stream_.wait([&] { return stream_.held() == 1; }));
    std::thread drains([&] { worker_->drain(std::chrono::steady_clock::now() + 10s); });
    stream_.append("input-topic", 1, request(setosa));
    stream_.release(Delivery{});
    drains.join();
    EXPECT_EQ(committed(0), 1);
    EXPECT_GE(stream_.blocking_commits(), 1);
}

TEST_F(WorkerFaultsTest, DrainEndsAtItsDeadline) {
    stream_.deliver([&](auto&&...) { return hold(); });
    stream_.append("input-topic", 0, request(setosa));
    start();
    ASSERT_TRUE(stream_.wait([&] { return stream_.held() == 1; }));
    const auto start = std::chrono::steady_clock::now();
    worker_->drain(start + 50ms);
    EXPECT_LT(std::chrono::steady_clock::now() - start, 5s);
    EXPECT_EQ(committed(0), -1) << "it is predicted again by whoever comes next";
}

TEST_F(WorkerFaultsTest, NoticesThatTheStreamIsAwayWhileItHasNothingToDo) {
    start();
    ASSERT_TRUE(stream_.wait([&] { return ready_.load(); }));
    stream_.answer_ping("no broker answers");
    EXPECT_TRUE(stream_.wait([&] { return health_.missing().contains("stream"); }));
    stream_.answer_ping("");
    EXPECT_TRUE(stream_.wait([&] { return health_.missing().empty(); }));
}

TEST_F(WorkerFaultsTest, AStreamThatAnswersDoesNotHideAnswersThatCantBeStored) {
    stream_.deliver([&](auto&&...) { return failed(); });
    stream_.append("input-topic", 0, request(setosa));
    start();
    ASSERT_TRUE(stream_.wait([&] { return health_.missing().contains("stream"); }));
    EXPECT_TRUE(stream_.wait([&] { return count("nearline_prediction_deliveries_repeated_total") >= 3; }));
    EXPECT_EQ(health_.missing().at("stream"), "timed out") << "the watch has looked, too";
}

TEST_F(WorkerFaultsTest, BeginsAnewWithATopicThatWasMadeAnew) {
    start();
    stream_.append("input-topic", 0, request(setosa));
    ASSERT_TRUE(wait_for_commit(0, 1));
    stream_.delete_topic("input-topic");
    ASSERT_TRUE(stream_.wait([&] { return health_.missing().contains("stream"); }));
    EXPECT_EQ(health_.missing().at("stream"), "topic input-topic does not exist");
    stream_.make_topic("input-topic");
    EXPECT_TRUE(stream_.wait([&] { return stream_.consumers_made() == 2; }));
    stream_.assign({in(0), in(1), in(2)});
    stream_.append("input-topic", 1, request(setosa));
    EXPECT_TRUE(wait_for_commit(1, 1));
    EXPECT_TRUE(stream_.wait([&] { return health_.missing().empty(); }));
}

TEST_F(WorkerFaultsTest, IsStuckWhileWhatItTookDoesNotEndAndNothingIsMissing) {
    options_.stuck_after = 100ms;
    stream_.deliver([&](auto&&...) { return hold(); });
    start();
    ASSERT_TRUE(stream_.wait([&] { return ready_.load(); }));
    EXPECT_EQ(health_.healthz().status, 200);
    stream_.append("input-topic", 0, request(setosa));
    EXPECT_TRUE(stream_.wait([&] { return health_.healthz().status == 503; }));
    EXPECT_THAT(health_.healthz().body, HasSubstr("prediction: records that were taken"));
    stream_.release(Delivery{});
    EXPECT_TRUE(stream_.wait([&] { return health_.healthz().status == 200; }));
}

}  // namespace
}  // namespace nearline::prediction
