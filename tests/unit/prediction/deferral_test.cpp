#include "stream/request_context.hpp"
#include "worker_fixture.hpp"

namespace nearline::prediction {
namespace {

using stream::Delivery;
using namespace std::chrono_literals;

class DeferralTest : public WorkerTest {};

TEST_F(DeferralTest, WhatTheRegistryCanNotTellAtOnceWaitsOnTheRetryTopic) {
    const std::string retry = options_.retry_topic = "input-topic.prediction.retry";
    stream_.assign({{retry, 0}});
    start();
    ASSERT_TRUE(stream_.wait([&] { return ready_.load(); }));
    const auto new_schema = registry_.put("input-topic-value", R"({"type":"object"})");
    registry_.away(true);
    const stream::Record record{
        .key = "k", .value = schema::frame(new_schema, virginica), .headers = {{"color", "blue"}}, .timestamp = 1'000};
    stream_.append("input-topic", 2, record);
    stream_.append("input-topic", 2, request(setosa));
    ASSERT_TRUE(wait_for_commit(2, 2)) << "held up by nothing";
    ASSERT_EQ(answers().size(), 1U);
    EXPECT_EQ(json_of(answers()[0]).at("prediction"), "setosa");
    ASSERT_EQ(stream_.stored(retry).size(), 1U);
    EXPECT_TRUE(stream_.wait([&] {
        return count("nearline_prediction_records_total", {{"outcome", "deferred"}}) == 1;
    }));
    EXPECT_TRUE(health_.missing().contains("schema registry"));

    stream_.append(retry, 0, stream_.stored(retry)[0].record);
    stream_.append(retry, 0, {.key = {}, .value = schema::frame(999, setosa)});
    stream_.append("input-topic", 2, request(setosa));
    ASSERT_TRUE(wait_for_commit(2, 3)) << "nor by what waits there";
    registry_.away(false);
    ASSERT_TRUE(stream_.wait([&] { return stream_.committed()[{retry, 0}] == 2; }));
    ASSERT_EQ(answers().size(), 3U);
    EXPECT_EQ(json_of(answers()[2]).at("prediction"), "virginica");
    stream::ConsumedRecord first;
    static_cast<stream::Record&>(first) = record;
    first.at = in(2);
    EXPECT_EQ(header(answers()[2], "request-id"),
              stream::read_request_headers(first, stream_.admin(1s)->cluster_id()).context.id.to_string());
    ASSERT_EQ(dead_letters().size(), 1U);
    EXPECT_EQ(stream_.stored(retry).size(), 1U) << "what is there already waits in its place";
    EXPECT_TRUE(stream_.wait([&] { return health_.missing().empty(); }));
}

TEST_F(DeferralTest, WhatWaitsOnTheRetryTopicLeavesRoomForOthers) {
    const stream::TopicPartition retry{options_.retry_topic = "input-topic.prediction.retry", 0};
    options_.max_in_flight = 8;
    options_.max_batch = 2;
    stream_.assign({retry});
    start();
    ASSERT_TRUE(stream_.wait([&] { return ready_.load(); }));
    const auto new_schema = registry_.put("input-topic-value", R"({"type":"object"})");
    registry_.away(true);
    for (int i = 0; i < 20; ++i) {
        stream_.append(retry.topic, 0, {.key = {}, .value = schema::frame(new_schema, virginica)});
    }
    ASSERT_TRUE(stream_.wait([&] { return stream_.paused() == std::set{retry}; }));
    for (int i = 0; i < 20; ++i) stream_.append("input-topic", 0, request(setosa));
    ASSERT_TRUE(wait_for_commit(0, 20));
    EXPECT_EQ(answers().size(), 20U);
    registry_.away(false);
    ASSERT_TRUE(stream_.wait([&] { return stream_.committed()[retry] == 20; }));
    EXPECT_EQ(answers().size(), 40U);
    EXPECT_TRUE(stream_.paused().empty());
}

TEST_F(DeferralTest, ADeadLetterOfWhatWaitedNamesItsFirstPlace) {
    options_.retry_topic = "input-topic.prediction.retry";
    stream_.assign({{options_.retry_topic, 0}});
    const stream::Record record{.key = "k", .value = schema::frame(999, setosa), .headers = {{"color", "blue"}}};
    stream_.append("input-topic", 1, record);
    start();
    ASSERT_TRUE(wait_for_commit(1, 1));
    stream_.append(options_.retry_topic, 0, stream_.stored(options_.retry_topic).at(0).record);
    ASSERT_TRUE(stream_.wait([&] { return dead_letters().size() == 1; }));
    const auto letter = dead_letters()[0];
    EXPECT_EQ(letter.record.value, record.value);
    EXPECT_EQ(letter.record.headers.at(0), record.headers[0]);
    EXPECT_EQ(letter.record.headers.at(1).key, "__connect.errors.topic") << "nothing of the detour";
    EXPECT_EQ(header(letter, "__connect.errors.topic"), "input-topic");
    EXPECT_EQ(header(letter, "__connect.errors.partition"), "1");
    EXPECT_EQ(header(letter, "__connect.errors.class.name"), "UnknownSchemaId");
}

TEST_F(DeferralTest, WhatTheRetryTopicFindsTooLargeWaitsInItsPlace) {
    options_.retry_topic = "input-topic.prediction.retry";
    stream_.deliver([&](const std::string& topic, auto, const stream::Record&) {
        if (topic != options_.retry_topic) return std::optional(Delivery{});
        return std::optional(
            Delivery{.outcome = Delivery::Outcome::rejected, .reason = "too large", .too_large = true});
    });
    start();
    ASSERT_TRUE(stream_.wait([&] { return ready_.load(); }));
    const auto new_schema = registry_.put("input-topic-value", R"({"type":"object"})");
    registry_.away(true);
    stream_.append("input-topic", 0, {.key = "k", .value = schema::frame(new_schema, virginica)});
    ASSERT_TRUE(stream_.wait([&] { return health_.missing().contains("schema registry"); }));
    stream_.append("input-topic", 1, request(setosa));
    ASSERT_TRUE(wait_for_commit(1, 1));
    EXPECT_EQ(committed(0), -1);
    registry_.away(false);
    ASSERT_TRUE(wait_for_commit(0, 1));
    EXPECT_EQ(json_of(answers().at(1)).at("prediction"), "virginica");
    EXPECT_EQ(answers()[1].record.key, "k");
    EXPECT_TRUE(stream_.stored(options_.retry_topic).empty());
}

/// A record that waits comes from the retry topic and names another partition: it goes with the one that it comes from.
class DeferralRebalanceTest : public WorkerTest, public testing::WithParamInterface<bool> {
protected:
    const stream::TopicPartition retry_{"input-topic.prediction.retry", 0};

    DeferralRebalanceTest() {
        options_.exactly_once = GetParam();
        options_.retry_topic = retry_.topic;
    }
    /// One record of input-topic's partition 2 waits on the retry topic, and its worker asks for its schema.
    void let_one_wait() {
        stream_.assign({retry_});
        start();
        ASSERT_TRUE(stream_.wait([&] { return ready_.load(); }));
        const auto new_schema = registry_.put("input-topic-value", R"({"type":"object"})");
        registry_.away(true);
        stream_.append("input-topic", 2, {.key = {}, .value = schema::frame(new_schema, virginica)});
        ASSERT_TRUE(wait_for_commit(2, 1));
        stream_.append(retry_.topic, 0, stream_.stored(retry_.topic).at(0).record);
        // Taken by the poll that brings this one, or before.
        stream_.append("input-topic", 1, request(setosa));
        ASSERT_TRUE(wait_for_commit(1, 1));
        ASSERT_TRUE(stream_.wait([&] { return metrics_.gauge("nearline_prediction_in_flight", "").value() == 1; }));
    }
    bool wait_for_retry_commit() {
        return stream_.wait([&] { return stream_.committed()[retry_] == 1; });
    }
    double abandoned() { return count("nearline_prediction_records_total", {{"outcome", "abandoned"}}); }
};

TEST_P(DeferralRebalanceTest, WhatWaitsStaysWhenItsFirstPartitionGoes) {
    let_one_wait();
    stream_.revoke({in(2)});
    stream_.append("input-topic", 0, request(setosa));
    ASSERT_TRUE(wait_for_commit(0, 1)) << "the partition has gone";
    EXPECT_EQ(abandoned(), 0);
    registry_.away(false);
    ASSERT_TRUE(wait_for_retry_commit());
    EXPECT_EQ(answers().size(), 3U);
    EXPECT_EQ(json_of(answers().back()).at("prediction"), "virginica");
}

TEST_P(DeferralRebalanceTest, WhatWaitsGoesWithTheRetryTopic) {
    let_one_wait();
    stream_.revoke({retry_});
    ASSERT_TRUE(stream_.wait([&] { return abandoned() == 1; }));
    stream_.append("input-topic", 0, request(setosa));
    ASSERT_TRUE(wait_for_commit(0, 1));
    EXPECT_EQ(answers().size(), 2U);
    stream_.assign({retry_});
    registry_.away(false);
    ASSERT_TRUE(wait_for_retry_commit());
    EXPECT_EQ(answers().size(), 3U) << "once";
    EXPECT_TRUE(stream_.wait([&] { return health_.missing().empty(); }));
}

INSTANTIATE_TEST_SUITE_P(Deliveries, DeferralRebalanceTest, testing::Bool(),
                         [](const auto& is) { return is.param ? "ExactlyOnce" : "AtLeastOnce"; });

TEST_F(DeferralTest, TheRegistrysReturnIsSeenWhenNothingWaitsForIt) {
    options_.retry_topic = "input-topic.prediction.retry";  // another worker reads it
    start();
    ASSERT_TRUE(stream_.wait([&] { return ready_.load(); }));
    const auto new_schema = registry_.put("input-topic-value", R"({"type":"object"})");
    registry_.away(true);
    stream_.append("input-topic", 0, {.key = {}, .value = schema::frame(new_schema, virginica)});
    ASSERT_TRUE(wait_for_commit(0, 1));
    ASSERT_TRUE(stream_.wait([&] { return health_.missing().contains("schema registry"); }));
    registry_.away(false);
    EXPECT_TRUE(stream_.wait([&] { return health_.missing().empty(); }));
}

}  // namespace
}  // namespace nearline::prediction
