#include <atomic>
#include <future>
#include <gmock/gmock.h>
#include <mutex>
#include <thread>

#include "contract/stream/fixture.hpp"

namespace nearline::stream::testing {
namespace {

using Outcome = Delivery::Outcome;

class Produce : public StreamContract {};

TEST_P(Produce, SaysWhereARecordIsStored) {
    const auto name = topic(2);
    const auto first = send(name, 1, {.value = "a"});
    const auto second = send(name, 1, {.value = "b"});
    EXPECT_EQ(first.outcome, Outcome::stored);
    EXPECT_EQ(first.at, (TopicPartition{name, 1}));
    EXPECT_GT(second.offset, first.offset);
    EXPECT_EQ(first.reason, "");
}

TEST_P(Produce, RejectsWhatHasNoTopic) {
    const auto name = unique("missing");
    const auto delivery = send(name, std::nullopt, {.value = "a"});
    EXPECT_EQ(delivery.outcome, Outcome::rejected);
    EXPECT_NE(delivery.reason, "");
    EXPECT_FALSE(delivery.too_large);
    EXPECT_EQ(admin()->topic(name), std::nullopt) << "producing must not make a topic";
}

TEST_P(Produce, RejectsAPartitionThatIsNotThere) {
    const auto name = topic(2);
    ASSERT_EQ(send(name, 1, {.value = "a"}).outcome, Outcome::stored);
    EXPECT_EQ(send(name, 2, {.value = "a"}).outcome, Outcome::rejected);
    EXPECT_EQ(send(name, 1, {.value = "a"}).outcome, Outcome::stored);
}

TEST_P(Produce, RejectsWhatIsTooLargeAndGoesOn) {
    const auto name = topic(1);
    const auto delivery = send(name, 0, {.value = std::string(2'000'000, 'v')});
    EXPECT_EQ(delivery.outcome, Outcome::rejected);
    EXPECT_TRUE(delivery.too_large);
    EXPECT_NE(delivery.reason, "");
    EXPECT_EQ(send(name, 0, {.value = "small"}).outcome, Outcome::stored);
}

TEST_P(Produce, LimitsWhatIsInFlightAndReportsEachRecordOnce) {
    const auto name = topic(1);
    const auto producer = stream().producer({.delivery_timeout = 20s, .max_in_flight = 10});
    constexpr int count = 20'000;
    std::vector<std::atomic<int>> reports(count);
    std::atomic<int> stored = 0, rejected = 0;
    for (int i = 0; i < count; ++i) {
        producer->produce(name, 0, {.value = std::to_string(i)}, [&, i](const Delivery& delivery) {
            ++reports[static_cast<std::size_t>(i)];
            ++(delivery.outcome == Outcome::stored ? stored : rejected);
        });
    }
    ASSERT_TRUE(producer->flush(patience));
    EXPECT_EQ(producer->in_flight(), 0);
    for (const auto& each : reports) ASSERT_EQ(each, 1);
    EXPECT_EQ(stored + rejected, count);
    EXPECT_GE(stored, 10);
    EXPECT_GT(rejected, 0);
    const auto end = admin()->watermarks({name, 0}).end;
    EXPECT_EQ(end, stored) << "what was rejected is not stored";
}

TEST_P(Produce, ReportsWhatIsStoredInOrder) {
    const auto name = topic(1);
    const auto producer = stream().producer({.delivery_timeout = 20s});
    std::mutex mutex;
    std::vector<int> order;
    for (int i = 0; i < 3'000; ++i) {
        producer->produce(name, 0, {.value = "v"}, [&, i](const Delivery& delivery) {
            const std::lock_guard lock(mutex);
            if (delivery.outcome == Outcome::stored) order.push_back(i);
        });
    }
    ASSERT_TRUE(producer->flush(patience));
    ASSERT_EQ(order.size(), 3'000);
    EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

TEST_P(Produce, MayBeCalledFromAReport) {
    const auto name = topic(1);
    const auto producer = stream().producer({.delivery_timeout = 20s});
    std::promise<Delivery> done;
    producer->produce(name, 0, {.value = "first"}, [&](const Delivery&) {
        producer->produce(name, 0, {.value = "second"}, [&](const Delivery& delivery) { done.set_value(delivery); });
    });
    auto second = done.get_future();
    ASSERT_EQ(second.wait_for(patience), std::future_status::ready);
    EXPECT_EQ(second.get().outcome, Outcome::stored);
    ASSERT_TRUE(producer->flush(patience));
}

TEST_P(Produce, MayBeCalledFromManyThreads) {
    const auto name = topic(4);
    const auto producer = stream().producer({.delivery_timeout = 20s});
    std::atomic<int> stored = 0;
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&, t] {
            for (int i = 0; i < 500; ++i) {
                producer->produce(name, t, {.value = std::to_string(i)},
                                  [&](const Delivery& delivery) { stored += delivery.outcome == Outcome::stored; });
            }
        });
    }
    for (auto& thread : threads) thread.join();
    ASSERT_TRUE(producer->flush(patience));
    EXPECT_EQ(stored, 2'000);
    const auto reader = stream().reader();
    for (int t = 0; t < 4; ++t) reader->assign({{{name, t}, 0}});
    std::map<int, int> next;
    for (const auto& record : take(*reader, 2'000))
        EXPECT_EQ(*record.value, std::to_string(next[record.at.partition]++));
}

TEST_P(Produce, ReportsAllBeforeItIsDestroyed) {
    const auto name = topic(1);
    std::atomic<int> reports = 0, stored = 0;
    auto producer = stream().producer({.delivery_timeout = 20s});
    for (int i = 0; i < 500; ++i) {
        producer->produce(name, 0, {.value = "v"}, [&](const Delivery& delivery) {
            ++reports;
            stored += delivery.outcome == Outcome::stored;
        });
    }
    producer.reset();
    EXPECT_EQ(reports, 500);
    EXPECT_GE(admin()->watermarks({name, 0}).end, stored);
}

TEST_P(Produce, FlushSaysWhenItTookTooLong) {
    const auto producer = stream().producer({.delivery_timeout = 20s});
    EXPECT_TRUE(producer->flush(0ms)) << "nothing was taken";
    std::promise<void> release;
    const auto released = release.get_future().share();
    producer->produce(topic(1), 0, {.value = "v"}, [released](const Delivery&) { released.wait(); });
    EXPECT_FALSE(producer->flush(50ms));
    EXPECT_EQ(producer->in_flight(), 1);
    release.set_value();
    EXPECT_TRUE(producer->flush(patience));
}

TEST_P(Produce, IsReadyAfterWarmingUp) {
    const auto name = topic(3);
    const auto producer = stream().producer({.delivery_timeout = 20s});
    EXPECT_TRUE(producer->warm_up(name, patience));
}

INSTANTIATE_TEST_SUITE_P(Stream, Produce, ::testing::ValuesIn(implementations()), name_of);

}  // namespace
}  // namespace nearline::stream::testing
