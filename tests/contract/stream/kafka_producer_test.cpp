#include <algorithm>
#include <atomic>
#include <future>
#include <gmock/gmock.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include "contract/stream/fixture.hpp"
#include "stream/kafka/handles.hpp"

// Answers that a healthy broker does not give, from librdkafka's own mock of one.
namespace nearline::stream::testing {
namespace {

using Outcome = Delivery::Outcome;

class MockBroker {
public:
    MockBroker() : host_(quiet_client()), cluster_(rd_kafka_mock_cluster_new(host_.get(), 1)) {
        rd_kafka_mock_topic_create(cluster_, "topic", 2, 1);
        rd_kafka_mock_start_request_tracking(cluster_);
    }
    ~MockBroker() { rd_kafka_mock_cluster_destroy(cluster_); }
    MockBroker(const MockBroker&) = delete;
    MockBroker& operator=(const MockBroker&) = delete;

    std::string address() const { return rd_kafka_mock_cluster_bootstraps(cluster_); }
    /// The next Produce requests get these answers.
    void answer_produce(const std::vector<rd_kafka_resp_err_t>& errors) {
        rd_kafka_mock_push_request_errors_array(cluster_, 0, errors.size(), errors.data());
    }
    /// Produce requests that have come.
    std::size_t produced() const {
        std::size_t count = 0;
        auto** const all = rd_kafka_mock_get_requests(cluster_, &count);
        const auto some = std::count_if(all, all + count, [](auto* request) {
            constexpr std::int16_t produce = 0;  // ApiKey
            return rd_kafka_mock_request_api_key(request) == produce;
        });
        rd_kafka_mock_request_destroy_array(all, count);
        return static_cast<std::size_t>(some);
    }
    void slow_down(std::chrono::milliseconds time) {
        rd_kafka_mock_broker_set_rtt(cluster_, 1, static_cast<int>(time.count()));
    }

private:
    static rd_kafka_t* quiet_client() {
        rd_kafka_conf_t* conf = rd_kafka_conf_new();
        rd_kafka_conf_set(conf, "log_level", "0", nullptr, 0);
        return rd_kafka_new(RD_KAFKA_PRODUCER, conf, nullptr, 0);
    }

    kafka::Client host_;
    rd_kafka_mock_cluster_t* cluster_;
};

class KafkaProducers : public ::testing::Test {
protected:
    std::future<Delivery> produce(Producer& producer, const std::string& value, int partition = 0) {
        auto delivered = std::make_shared<std::promise<Delivery>>();
        producer.produce("topic", partition, {.value = value},
                         [delivered](const Delivery& d) { delivered->set_value(d); });
        return delivered->get_future();
    }
    double replaced() { return metrics_.counter("nearline_kafka_producers_replaced_total", "").value(); }

    Metrics metrics_;
    MockBroker broker_;
    std::unique_ptr<Stream> stream_ = open_kafka(broker_.address(), {}, "tests", metrics_);
};

TEST_F(KafkaProducers, AreMadeAnewWhenTheyFailForGood) {
    const auto producer = stream_->producer({.delivery_timeout = 20s});
    ASSERT_EQ(produce(*producer, "before").get().outcome, Outcome::stored);

    broker_.answer_produce({RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER});
    broker_.slow_down(100ms);
    std::vector<std::future<Delivery>> caught;
    for (int i = 0; i < 50; ++i) caught.push_back(produce(*producer, "caught", i % 2));
    for (auto& each : caught) ASSERT_EQ(each.wait_for(patience), std::future_status::ready) << "each is reported";
    broker_.slow_down(0ms);
    std::size_t not_stored = 0;
    for (auto& each : caught) not_stored += each.get().outcome != Outcome::stored;
    EXPECT_GT(not_stored, 0) << "the broker refused at least one";

    for (int i = 0; i < 5; ++i) EXPECT_EQ(produce(*producer, "after").get().outcome, Outcome::stored);
    EXPECT_EQ(replaced(), 1);
    EXPECT_TRUE(producer->flush(patience));
    EXPECT_TRUE(producer->warm_up("topic", patience));
}

TEST_F(KafkaProducers, RetryWhatPassesAndStoreItOnce) {
    const auto producer = stream_->producer({.delivery_timeout = 20s});
    broker_.answer_produce({RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS});
    EXPECT_EQ(produce(*producer, "value").get().outcome, Outcome::stored);
    EXPECT_EQ(replaced(), 0);
    EXPECT_EQ(stream_->admin(patience)->watermarks({"topic", 0}).end, 1);
}

// docs/decisions/0052: with two requests under way, the second's acknowledgement counts for the first as well.
TEST_F(KafkaProducers, StoreWhatWasRefusedWhileMoreWaited) {
    const auto producer = stream_->producer({.delivery_timeout = 20s});
    ASSERT_EQ(produce(*producer, "before").get().outcome, Outcome::stored);
    const auto before = broker_.produced();
    broker_.slow_down(300ms);
    broker_.answer_produce({RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION});
    auto first = produce(*producer, "first");
    ASSERT_TRUE(wait_until([&] { return broker_.produced() > before; }));
    auto second = produce(*producer, "second");
    EXPECT_EQ(first.get().outcome, Outcome::stored);
    EXPECT_EQ(second.get().outcome, Outcome::stored);
    broker_.slow_down(0ms);
    const auto reader = stream_->reader();
    reader->assign({{{"topic", 0}, 0}});
    EXPECT_THAT(values(take(*reader, 3)), ::testing::ElementsAre("before", "first", "second"));
}

TEST_F(KafkaProducers, SayThatTheyDoNotKnowWhenTheAnswerIsLost) {
    const auto producer = stream_->producer({.delivery_timeout = 2s});
    ASSERT_EQ(produce(*producer, "before").get().outcome, Outcome::stored);
    broker_.slow_down(10s);
    const auto start = Clock::now();
    const auto delivery = produce(*producer, "sent").get();
    EXPECT_EQ(delivery.outcome, Outcome::unknown) << "it was sent, and may have been stored";
    EXPECT_LT(Clock::now() - start, 2s + 1'500ms);
    broker_.slow_down(0ms);
}

TEST_F(KafkaProducers, ReportWhatIsUnderWayWhenTheyAreDestroyed) {
    auto producer = stream_->producer({.delivery_timeout = 20s});
    ASSERT_EQ(produce(*producer, "before").get().outcome, Outcome::stored);
    broker_.slow_down(10s);
    std::vector<std::future<Delivery>> pending;
    for (int i = 0; i < 20; ++i) pending.push_back(produce(*producer, "pending", i % 2));
    const auto start = Clock::now();
    producer.reset();
    EXPECT_LT(Clock::now() - start, 5s) << "it waits for nothing";
    for (auto& each : pending) {
        ASSERT_EQ(each.wait_for(0s), std::future_status::ready);
        EXPECT_NE(each.get().outcome, Outcome::stored);
    }
    broker_.slow_down(0ms);
}

TEST_F(KafkaProducers, LetReportsWaitUntilSomebodyWaitsForThem) {
    const auto producer = stream_->producer({.report_interval = 1h});
    const auto admin = stream_->admin(patience);
    std::future<Delivery> waiting;
    std::int64_t stored = 0;
    // Whoever reports the first may find more while it does so.
    ASSERT_TRUE(wait_until([&] {
        waiting = produce(*producer, "value");
        ++stored;
        return wait_until([&] {
                   return admin->watermarks({"topic", 0}).end == stored;
               }) &&
               waiting.wait_for(200ms) == std::future_status::timeout;
    }));
    producer->report_promptly(true);
    EXPECT_EQ(waiting.get().outcome, Outcome::stored);
    EXPECT_EQ(produce(*producer, "prompt").get().outcome, Outcome::stored);
}

TEST_F(KafkaProducers, ReportAllThatWaitedTogether) {
    constexpr int count = 10;
    constexpr auto interval = 300ms;
    const auto producer = stream_->producer({.report_interval = interval});
    const auto admin = stream_->admin(patience);
    ASSERT_EQ(produce(*producer, "first").get().outcome, Outcome::stored);
    double batches = 0;  // at most, as each record is one of all that are not done with
    int reported = 0;
    const auto begin = Clock::now();
    for (int i = 1; i <= count; ++i) {
        producer->produce("topic", 0, {.value = "x"}, [&](const Delivery&) {
            batches += 1 / static_cast<double>(producer->in_flight());
            ++reported;
        });
        // In a request of its own.
        ASSERT_TRUE(wait_until([&] { return admin->watermarks({"topic", 0}).end == 1 + i; }));
    }
    ASSERT_TRUE(producer->flush(patience));
    EXPECT_EQ(reported, count);
    EXPECT_LE(batches, 2 + (Clock::now() - begin) / std::chrono::duration<double>(interval));
}

TEST_F(KafkaProducers, EndWhileReportsWait) {
    auto producer = stream_->producer({.report_interval = 1h});
    ASSERT_EQ(produce(*producer, "first").get().outcome, Outcome::stored);
    auto second = produce(*producer, "second");
    producer.reset();
    EXPECT_EQ(second.wait_for(0s), std::future_status::ready);
}

TEST_F(KafkaProducers, AreWarmOnceTheyAreConnected) {
    const auto producer = stream_->producer({});
    EXPECT_TRUE(producer->warm_up("topic", patience));
}

}  // namespace
}  // namespace nearline::stream::testing
