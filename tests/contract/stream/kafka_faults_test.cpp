#include <atomic>
#include <future>
#include <gmock/gmock.h>
#include <thread>

#include "contract/stream/fixture.hpp"
#include "domain/problem.hpp"

// A broker that stops, dies, freezes and comes back, under everything that uses it.
namespace nearline::stream::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Outcome = Delivery::Outcome;

class KafkaFaults : public ::testing::Test {
protected:
    /// One for all, each with a topic of its own: a broker takes its time to start.
    static void SetUpTestSuite() { broker_ = std::make_unique<OwnBroker>(); }
    static void TearDownTestSuite() { broker_.reset(); }

    void SetUp() override {
        broker_->start();  // the last test may have killed it
        stream_ = open_kafka(broker_->address(), {}, "tests", metrics_);
        admin()->create_topic(topic_, {.partitions = 2});
    }

    std::unique_ptr<Admin> admin(std::chrono::milliseconds timeout = patience) { return stream_->admin(timeout); }

    std::future<Delivery> produce(Producer& producer, const std::string& value, int partition = 0) const {
        auto delivered = std::make_shared<std::promise<Delivery>>();
        producer.produce(topic_, partition, {.value = value},
                         [delivered](const Delivery& d) { delivered->set_value(d); });
        return delivered->get_future();
    }
    GroupOptions group_options() const { return {.group = group_, .topics = {topic_}, .session_timeout = 3s}; }
    std::unique_ptr<GroupConsumer> consumer() {
        auto one = stream_->consumer(group_options(), {});
        EXPECT_TRUE(poll_until([&] { return one->assignment().size() == 2; }, *one));
        return one;
    }

    static inline std::unique_ptr<OwnBroker> broker_;
    const std::string topic_ = unique("topic");
    const std::string group_ = unique("group");
    Metrics metrics_;
    std::unique_ptr<Stream> stream_;
};

TEST_F(KafkaFaults, RecordsEndInTimeAndWorkGoesOnAfterwards) {
    const auto producer = stream_->producer({.delivery_timeout = 2s});
    const auto group = consumer();
    const auto reader = stream_->reader();
    reader->assign({{{topic_, 1}, 0}});
    ASSERT_EQ(produce(*producer, "before").get().outcome, Outcome::stored);
    ASSERT_THAT(values(take(*group, 1)), ElementsAre("before"));
    group->commit({{{topic_, 0}, 1}});

    broker_->kill();
    auto start = Clock::now();
    const auto while_away = produce(*producer, "while away").get();
    EXPECT_NE(while_away.outcome, Outcome::stored);
    EXPECT_NE(while_away.reason, "");
    EXPECT_LT(Clock::now() - start, 2s + 1'500ms);
    start = Clock::now();
    EXPECT_NE(stream_->ping(500ms), "");
    EXPECT_THROW(admin(500ms)->watermarks({topic_, 0}), Unavailable);
    EXPECT_THROW(admin(500ms)->topics(), Unavailable);
    EXPECT_THROW(admin(500ms)->topic(topic_), Unavailable);
    EXPECT_THROW(admin(500ms)->groups(), Unavailable);
    EXPECT_THROW(admin(500ms)->committed(group_), Unavailable);
    EXPECT_THROW(admin(500ms)->create_topic("other", {}), Unavailable);
    EXPECT_LT(Clock::now() - start, 8s);
    EXPECT_TRUE(group->poll(1, 100ms).empty());

    broker_->start();
    EXPECT_TRUE(wait_until([&] { return produce(*producer, "after").get().outcome == Outcome::stored; }));
    EXPECT_EQ(values(take(*group, 1)), std::vector<std::string>{"after"});
    EXPECT_TRUE(wait_until([&] { return produce(*producer, "read", 1).get().outcome == Outcome::stored; }));
    EXPECT_EQ(values(take(*reader, 1)), std::vector<std::string>{"read"});
    EXPECT_TRUE(wait_until([&] {
        try {
            group->commit({{{topic_, 0}, 2}});
            return true;
        } catch (const Unavailable&) {
            group->poll(10, 50ms);
            return false;
        }
    }));
    EXPECT_EQ(stream_->ping(patience), "");
    const auto expected = std::map<TopicPartition, std::int64_t>{{{topic_, 0}, 2}};
    EXPECT_EQ(admin()->committed(group_), expected);
}

TEST_F(KafkaFaults, WhatWasAcknowledgedSurvivesAPowerCutOnce) {
    const auto producer = stream_->producer({.delivery_timeout = 60s});
    ASSERT_EQ(produce(*producer, "first").get().outcome, Outcome::stored);
    std::thread killer([&] {
        std::this_thread::sleep_for(200ms);
        broker_->kill();
        broker_->start();
    });
    std::vector<std::pair<std::string, std::future<Delivery>>> sent;
    for (int i = 0; i < 1'000; ++i) {
        sent.emplace_back(std::to_string(i), produce(*producer, std::to_string(i)));
        std::this_thread::sleep_for(1ms);
    }
    killer.join();
    std::vector<std::string> stored{"first"};
    for (auto& [value, delivery] : sent) {
        ASSERT_EQ(delivery.wait_for(70s), std::future_status::ready);
        if (delivery.get().outcome == Outcome::stored) stored.push_back(value);
    }
    EXPECT_GT(stored.size(), 900) << "an idempotent producer tries again by itself";
    const auto reader = stream_->reader();
    reader->assign({{{topic_, 0}, 0}});
    const auto end = admin()->watermarks({topic_, 0}).end;
    EXPECT_EQ(values(take(*reader, static_cast<std::size_t>(end))), stored) << "each once, in order";
}

TEST_F(KafkaFaults, AFrozenBrokerDoesNotHoldAnybody) {
    auto producer = stream_->producer({.delivery_timeout = 2s});
    auto group = consumer();
    auto member = stream_->member({.group = unique("members"), .topics = {topic_}, .session_timeout = 3s}, {});
    ASSERT_TRUE(wait_until([&] {
        member->poll(50ms);
        return member->assignment().size() == 2;
    }));
    auto reader = stream_->reader();
    reader->assign({{{topic_, 1}, 0}});
    ASSERT_EQ(produce(*producer, "before").get().outcome, Outcome::stored);

    broker_->freeze();
    auto start = Clock::now();
    EXPECT_EQ(produce(*producer, "into the void").get().outcome, Outcome::unknown);
    EXPECT_LT(Clock::now() - start, 2s + 1'500ms);
    start = Clock::now();
    EXPECT_NE(stream_->ping(500ms), "");
    EXPECT_THROW(admin(500ms)->watermarks({topic_, 0}), Unavailable);
    EXPECT_LT(Clock::now() - start, 5s);
    EXPECT_THROW(group->commit({{{topic_, 0}, 1}}), Unavailable);

    const auto under_way = produce(*producer, "under way").share();
    start = Clock::now();
    reader.reset();
    member->close();
    member.reset();
    group->close();
    group.reset();
    producer.reset();
    EXPECT_EQ(under_way.wait_for(0s), std::future_status::ready);
    stream_.reset();
    EXPECT_LT(Clock::now() - start, 15s) << "nothing waits for a broker that does not answer";
    broker_->thaw();
}

TEST_F(KafkaFaults, ADeadBrokerDoesNotHoldTheEnd) {
    auto producer = stream_->producer({.delivery_timeout = 60s});
    auto group = consumer();
    ASSERT_EQ(produce(*producer, "before").get().outcome, Outcome::stored);
    broker_->kill();
    const auto waiting = produce(*producer, "waiting").share();
    const auto start = Clock::now();
    group.reset();
    producer.reset();
    stream_.reset();
    EXPECT_LT(Clock::now() - start, 10s);
    ASSERT_EQ(waiting.wait_for(0s), std::future_status::ready);
    EXPECT_NE(waiting.get().outcome, Outcome::stored);
}

TEST_F(KafkaFaults, OffsetsCanBeAskedForWhileTheBrokerComesBack) {
    {
        const auto group = consumer();
        group->commit({{{topic_, 0}, 0}});
    }
    for (int round = 0; round < 2; ++round) {
        broker_->stop();
        std::atomic<bool> back = false;
        // A broker that has just started answers NOT_COORDINATOR for a while.
        std::thread asking([&] {
            const auto impatient = admin(500ms);
            while (!back) {
                try {
                    impatient->committed(group_);
                } catch (const Unavailable&) {
                }
            }
        });
        broker_->start();
        EXPECT_TRUE(wait_until([&] {
            try {
                return admin(500ms)->committed(group_).size() == 1;
            } catch (const Unavailable&) {
                return false;
            }
        }));
        back = true;
        asking.join();
    }
}

TEST_F(KafkaFaults, ThingsMadeBeforeTheBrokerIsThereWorkOnceItIs) {
    broker_->stop();
    const auto producer = stream_->producer({.delivery_timeout = 60s});
    const auto group = stream_->consumer(group_options(), {});
    const auto reader = stream_->reader();
    reader->assign({{{topic_, 0}, 0}});
    auto delivery = produce(*producer, "early");
    EXPECT_TRUE(group->poll(1, 100ms).empty());
    EXPECT_FALSE(producer->warm_up(topic_, 300ms));
    broker_->start();
    EXPECT_EQ(delivery.get().outcome, Outcome::stored);
    EXPECT_THAT(values(take(*group, 1)), ElementsAre("early"));
    EXPECT_THAT(values(take(*reader, 1)), ElementsAre("early"));
}

TEST(KafkaProperties, AreCheckedAtOnce) {
    Metrics metrics;
    const auto why = [&](const std::map<std::string, std::string>& properties) -> std::string {
        try {
            open_kafka("127.0.0.1:1", properties, "tests", metrics);
        } catch (const std::invalid_argument& error) {
            return error.what();
        }
        return "";
    };
    EXPECT_EQ(why({}), "");
    EXPECT_EQ(why({{"linger.ms", "5"}, {"fetch.wait.max.ms", "50"}}), "");
    EXPECT_THAT(why({{"no.such.property", "1"}}), HasSubstr("no.such.property"));
    EXPECT_THAT(why({{"linger.ms", "soon"}}), HasSubstr("linger.ms"));
    EXPECT_THAT(why({{"acks", "1"}}), HasSubstr("acknowledged by all in-sync replicas"));
    EXPECT_THAT(why({{"max.in.flight", "5"}}), HasSubstr("would count as stored"));
    EXPECT_THAT(why({{"transaction.timeout.ms", "60000"}}), HasSubstr("so long readers wait"));
    EXPECT_THAT(why({{"security.protocol", "ssl"}, {"ssl.ca.location", "/no/such/file"}}),
                HasSubstr("ssl.ca.location"));
    EXPECT_THROW(open_kafka("", {}, "tests", metrics), std::invalid_argument);
}

}  // namespace
}  // namespace nearline::stream::testing
