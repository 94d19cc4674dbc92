// What brings a topic to a database, where stream and database do as the test says.

#include "stream/sink.hpp"

#include <atomic>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <mutex>

#include "domain/problem.hpp"
#include "support/scripted_stream.hpp"

namespace nearline::stream {
namespace {

using namespace std::chrono_literals;
using test::ScriptedStream;
using ::testing::ElementsAre;

constexpr const char* dlq = "output-topic.archive.dlq";

/// Remembers what it was given; refuses what says so; is away when the test says so.
class Target final : public SinkTarget {
public:
    std::set<std::string> dependencies() const override { return {"database"}; }
    void prepare() override {
        ++preparations;
        if (is_away) throw Unavailable("away");
    }
    std::vector<Refused> write(std::span<const ConsumedRecord> records, const std::string& cluster_id) override {
        const std::scoped_lock lock(hanging, mutex_);
        ++writes;
        cluster = cluster_id;
        if (is_broken) throw std::runtime_error("broken for good");
        if (back_at_next_write.exchange(false)) is_away = false;
        if (is_away) throw Unavailable("away");
        if (records.size() > most_in_time) throw Unavailable("timed out");
        most_stored = std::max(most_stored.load(), records.size());
        std::vector<Refused> refused;
        for (std::size_t i = 0; i < records.size(); ++i) {
            if (records[i].value == "bad") {
                refused.push_back({i, {.stage = "archive", .class_name = "Bad", .message = "because"}});
            } else {
                stored_.push_back(*records[i].value);
            }
        }
        return refused;
    }
    std::vector<std::string> stored() {
        const std::scoped_lock lock(mutex_);
        return stored_;
    }

    std::mutex hanging;  ///< while the test holds it, write() does
    std::atomic<bool> is_away{false};
    std::atomic<bool> back_at_next_write{false};
    std::atomic<bool> is_broken{false};
    std::atomic<std::size_t> most_in_time{1'000'000};
    std::atomic<std::size_t> most_stored{0};  ///< by one write
    std::atomic<int> preparations{0};
    std::atomic<int> writes{0};
    std::string cluster;

private:
    std::mutex mutex_;
    std::vector<std::string> stored_;
};

class SinkTest : public ::testing::Test {
protected:
    SinkTest() {
        options_.role = "archive";
        options_.group = "nearline-archive-iris";
        options_.linger = 1ms;
        options_.commit_every = 1ms;
        options_.on_ready = [this] { ready_ = true; };
        options_.on_fatal = [this](const std::string& why) {
            const std::scoped_lock lock(fatal_mutex_);
            fatal_ = why;
        };
        stream_.assign({at(0), at(1), at(2)});
    }
    ~SinkTest() override {
        if (sink_) sink_->stop();
    }

    static TopicPartition at(int partition) { return {"output-topic", partition}; }
    void append(int partition, const std::string& value) {
        stream_.append("output-topic", partition, {.key = "k", .value = value, .headers = {{"h", "1"}}});
    }
    void start() {
        sink_ = std::make_unique<Sink>(stream_, target_, options_, metrics_, health_);
        sink_->start();
    }
    /// Not at the start, when the stream has not answered yet.
    bool letters_are_missing() const {
        return health_.missing()["stream"].find("can't be written") != std::string::npos;
    }
    bool committed(int partition, std::int64_t offset) {
        return stream_.wait([&] {
            const auto all = stream_.committed();
            const auto found = all.find(at(partition));
            return found != all.end() && found->second == offset;
        });
    }
    std::int64_t committed(int partition) {
        const auto all = stream_.committed();
        const auto found = all.find(at(partition));
        return found == all.end() ? -1 : found->second;
    }
    /// Until the condition holds: it looks again whenever it has waited a little.
    static bool soon(const std::function<bool()>& condition) {
        const auto deadline = std::chrono::steady_clock::now() + 10s;
        while (!condition()) {
            if (std::chrono::steady_clock::now() > deadline) return false;
            std::this_thread::sleep_for(1ms);
        }
        return true;
    }
    double count(const std::string& name, Labels labels = {}) {
        labels["role"] = "archive";
        return metrics_.counter(name, "", labels).value();
    }
    std::string fatal() {
        const std::scoped_lock lock(fatal_mutex_);
        return fatal_;
    }

    ScriptedStream stream_;
    Target target_;
    Metrics metrics_;
    Health health_{metrics_};
    Sink::Options options_;
    std::atomic<bool> ready_{false};
    std::mutex fatal_mutex_;
    std::string fatal_;
    std::unique_ptr<Sink> sink_;
};

TEST_F(SinkTest, WritesNoMoreThanAFewMegabytesAtATime) {
    const std::string large(9 << 20, 'x');
    for (int i = 0; i < 3; ++i) append(0, large);
    start();
    ASSERT_TRUE(committed(0, 3));
    EXPECT_EQ(2, target_.writes) << "27 MiB of records, of which two are enough";
    append(0, std::string(20 << 20, 'y'));
    EXPECT_TRUE(committed(0, 4)) << "one that is larger alone";
}

TEST_F(SinkTest, TheLagGrowsWhileAWriteHangs) {
    const auto lag = metrics_.gauge("nearline_sink_lag_seconds", "", {{"role", "archive"}});
    std::unique_lock hanging(target_.hanging);
    start();
    append(0, "a");
    ASSERT_TRUE(soon([&] { return lag.value() > 0; }));
    const double before = lag.value();
    EXPECT_TRUE(soon([&] { return lag.value() > before; }));
    hanging.unlock();
    EXPECT_TRUE(soon([&] { return lag.value() == 0; }));
}

TEST_F(SinkTest, StoresWhatThereIsAndCommitsIt) {
    append(0, "a");
    append(0, "b");
    append(1, "c");
    start();
    EXPECT_TRUE(committed(0, 2));
    EXPECT_TRUE(committed(1, 1));
    EXPECT_THAT(target_.stored(), ::testing::UnorderedElementsAre("a", "b", "c"));
    EXPECT_TRUE(soon([&] { return ready_.load(); }));
    EXPECT_FALSE(target_.cluster.empty());
    EXPECT_EQ(3, count("nearline_sink_stored_total"));
}

TEST_F(SinkTest, GoesOnWithWhatComesLater) {
    start();
    append(0, "a");
    EXPECT_TRUE(committed(0, 1));
    append(0, "b");
    EXPECT_TRUE(committed(0, 2));
    EXPECT_THAT(target_.stored(), ElementsAre("a", "b"));
}

TEST_F(SinkTest, WaitsForATargetThatIsAwayAndStoresOnce) {
    target_.is_away = true;
    start();
    EXPECT_TRUE(soon([&] { return target_.preparations > 1; })) << "it is prepared first, as often as that takes";
    EXPECT_EQ(0, target_.writes);
    target_.is_away = false;
    append(0, "a");
    EXPECT_TRUE(committed(0, 1));
    target_.is_away = true;
    append(0, "b");
    append(1, "c");
    const int before = target_.writes;
    EXPECT_TRUE(soon([&] { return target_.writes > before + 1; }));
    EXPECT_EQ(1, committed(0));
    EXPECT_EQ(-1, committed(1));
    EXPECT_THAT(stream_.paused(), ElementsAre(at(0), at(1), at(2))) << "and stays a member of its group";
    target_.is_away = false;
    EXPECT_TRUE(committed(0, 2));
    EXPECT_TRUE(committed(1, 1));
    EXPECT_TRUE(stream_.wait([&] { return stream_.paused().empty(); }));
    EXPECT_THAT(target_.stored(), ::testing::UnorderedElementsAre("a", "b", "c"));
    EXPECT_GE(count("nearline_sink_retries_total"), 2);
}

TEST_F(SinkTest, WhatATargetCanNotStoreInTimeIsTriedInSmallerPieces) {
    target_.most_in_time = 40;
    for (int i = 0; i < 300; ++i) append(i % 3, i % 100 == 99 ? "bad" : std::to_string(i));
    start();
    for (int partition = 0; partition < 3; ++partition) EXPECT_TRUE(committed(partition, 100));
    auto stored = target_.stored();
    EXPECT_EQ(stored.size(), 297U);
    std::sort(stored.begin(), stored.end());
    EXPECT_EQ(std::unique(stored.begin(), stored.end()), stored.end()) << "no piece twice";
    EXPECT_EQ(stream_.stored(dlq).size(), 3U);
    target_.most_in_time = 1'000'000;
    for (int i = 0; i < 10'000; ++i) append(0, "more");
    EXPECT_TRUE(committed(0, 10'100));
    EXPECT_GE(target_.most_stored, 1'000U) << "and in larger ones again";
}

TEST_F(SinkTest, WhatIsRefusedGoesToTheDeadLettersAndTheRestIsStored) {
    append(0, "a");
    append(0, "bad");
    append(0, "b");
    start();
    ASSERT_TRUE(committed(0, 3));
    EXPECT_THAT(target_.stored(), ElementsAre("a", "b"));
    const auto letters = stream_.stored(dlq);
    ASSERT_EQ(1U, letters.size());
    const auto& letter = letters[0].record;
    EXPECT_EQ("bad", letter.value);
    EXPECT_EQ("k", letter.key);
    EXPECT_EQ("1", find_header(letter, "h"));
    EXPECT_EQ("output-topic", find_header(letter, "__connect.errors.topic"));
    EXPECT_EQ("1", find_header(letter, "__connect.errors.offset"));
    EXPECT_EQ("because", find_header(letter, "__connect.errors.exception.message"));
    EXPECT_EQ(1, count("nearline_sink_dead_letters_total", {{"class", "Bad"}}));
}

TEST_F(SinkTest, CommitsNothingBeforeTheDeadLetterIsStored) {
    std::atomic<int> failures{2};
    stream_.deliver([&](auto&&...) -> std::optional<Delivery> {
        if (failures-- > 0) return Delivery{.outcome = Delivery::Outcome::unknown, .reason = "timed out"};
        return Delivery{};
    });
    append(0, "bad");
    append(0, "a");
    start();
    ASSERT_TRUE(stream_.wait([&] { return letters_are_missing(); }));
    EXPECT_EQ(-1, committed(0));
    ASSERT_TRUE(committed(0, 2));
    EXPECT_EQ(1, target_.writes) << "what is stored is not stored again for a letter's sake";
    EXPECT_TRUE(soon([&] { return health_.missing().empty(); }));
}

TEST_F(SinkTest, ADeadLetterThatIsTooLargeBecomesAStub) {
    stream_.deliver([&](const std::string&, auto, const Record& record) {
        if (!record.value) return std::optional(Delivery{});
        return std::optional(
            Delivery{.outcome = Delivery::Outcome::rejected, .reason = "too large", .too_large = true});
    });
    append(0, "bad");
    start();
    ASSERT_TRUE(committed(0, 1));
    ASSERT_EQ(1U, stream_.stored(dlq).size());
    EXPECT_EQ("3", find_header(stream_.stored(dlq)[0].record, "nearline.value.size"));
}

TEST_F(SinkTest, PartitionsThatGoTakeTheirRecordsAlong) {
    start();
    append(0, "a");
    ASSERT_TRUE(committed(0, 1));
    target_.is_away = true;
    append(0, "b");
    append(1, "c");
    const int before = target_.writes;
    ASSERT_TRUE(soon([&] { return target_.writes > before; }));
    stream_.revoke({at(0)});
    ASSERT_TRUE(soon([&] { return !stream_.paused().contains(at(0)); }));
    target_.is_away = false;
    ASSERT_TRUE(committed(1, 1));
    EXPECT_EQ(1, committed(0)) << "the other member's to store";
    EXPECT_THAT(target_.stored(), ElementsAre("a", "c"));
}

TEST_F(SinkTest, PartitionsThatComeWhileItWaitsLeaveNothingPaused) {
    start();
    append(0, "a");
    ASSERT_TRUE(committed(0, 1));
    target_.is_away = true;
    append(0, "b");
    ASSERT_TRUE(stream_.wait([&] { return stream_.paused().contains(at(0)); }));
    stream_.revoke({at(2)});
    ASSERT_TRUE(soon([&] { return !stream_.paused().contains(at(2)); }));
    // As soon as the partition has come, before it was paused, the target is back.
    target_.back_at_next_write = true;
    stream_.assign({at(2)});
    ASSERT_TRUE(committed(0, 2));
    append(0, "c");
    append(2, "d");
    EXPECT_TRUE(committed(0, 3)) << "what was paused is read again";
    EXPECT_TRUE(committed(2, 1));
    EXPECT_TRUE(stream_.paused().empty());
}

TEST_F(SinkTest, DrainStoresWhatItHasTakenAndLeaves) {
    start();
    append(0, "a");
    ASSERT_TRUE(committed(0, 1));
    target_.is_away = true;
    append(0, "b");
    const int before = target_.writes;
    ASSERT_TRUE(soon([&] { return target_.writes > before; }));
    std::thread back([&] {
        std::this_thread::sleep_for(50ms);
        target_.is_away = false;
    });
    sink_->drain(std::chrono::steady_clock::now() + 10s);
    back.join();
    EXPECT_EQ(2, committed(0));
    EXPECT_THAT(target_.stored(), ElementsAre("a", "b"));
}

TEST_F(SinkTest, StopDoesNotWaitForATargetThatIsAway) {
    target_.is_away = true;
    start();
    append(0, "a");
    const auto begin = std::chrono::steady_clock::now();
    sink_->stop();
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 5s);
    EXPECT_EQ(-1, committed(0));
}

TEST_F(SinkTest, SaysWhenItCannotGoOn) {
    target_.is_broken = true;
    append(0, "a");
    start();
    EXPECT_TRUE(soon([&] { return fatal() == "broken for good"; }));
    EXPECT_EQ(-1, committed(0));
}

TEST_F(SinkTest, AConsumerThatCannotGoOnIsMadeAnew) {
    start();
    append(0, "a");
    ASSERT_TRUE(committed(0, 1));
    stream_.assign({at(0), at(1), at(2)});
    stream_.fail_next_poll();
    append(0, "b");
    EXPECT_TRUE(stream_.wait([&] { return stream_.consumers_made() > 1; }));
}

TEST_F(SinkTest, BeginsAnewWithATopicThatWasMadeAnew) {
    start();
    append(0, "a");
    ASSERT_TRUE(committed(0, 1));
    stream_.delete_topic("output-topic");
    EXPECT_TRUE(stream_.wait([&] { return health_.missing().contains("stream"); }));
    EXPECT_EQ(1, stream_.consumers_made());
    stream_.make_topic("output-topic");
    EXPECT_TRUE(stream_.wait([&] { return stream_.consumers_made() == 2; }));
    stream_.assign({at(0), at(1), at(2)});
    append(1, "b");
    EXPECT_TRUE(committed(1, 1));
    EXPECT_TRUE(stream_.wait([&] { return health_.missing().empty(); }));
}

TEST_F(SinkTest, NoticesThatTheStreamIsAwayWhileItHasNothingToDo) {
    start();
    ASSERT_TRUE(soon([&] { return ready_.load(); }));
    stream_.answer_ping("no broker answers");
    EXPECT_TRUE(stream_.wait([&] { return health_.missing().contains("stream"); }));
    stream_.answer_ping("");
    EXPECT_TRUE(stream_.wait([&] { return health_.missing().empty(); }));
}

TEST_F(SinkTest, DoesNotBlameTheStreamForLettersThatAreAnotherMembersNow) {
    stream_.deliver([](const std::string& topic, std::optional<int>, const Record&) {
        return Delivery{.outcome = topic == dlq ? Delivery::Outcome::rejected : Delivery::Outcome::stored,
                        .reason = "no right to write"};
    });
    append(0, "bad");
    start();
    ASSERT_TRUE(stream_.wait([&] { return letters_are_missing(); }));
    stream_.lose({at(0)});
    EXPECT_TRUE(stream_.wait([&] { return health_.missing().empty(); }));
}

TEST_F(SinkTest, FillsABatchWithWhatIsThereBeforeItWaitsForMore) {
    options_.linger = 60s;
    options_.max_batch = 4;
    stream_.most_per_poll = 1;
    for (int i = 0; i < 8; ++i) append(i % 2, std::to_string(i));
    start();
    EXPECT_TRUE(committed(0, 4));
    EXPECT_TRUE(committed(1, 4));
    EXPECT_EQ(target_.writes, 2);
}

TEST_F(SinkTest, IsStuckWhileItsThreadHangsThoughItHasNothing) {
    options_.stuck_after = 100ms;
    start();
    append(0, "a");
    ASSERT_TRUE(committed(0, 1));
    {
        const std::scoped_lock hangs(stream_.hanging);
        ASSERT_TRUE(soon([&] { return health_.healthz().status == 503; }));
        EXPECT_THAT(health_.healthz().body, ::testing::HasSubstr("its thread has hung"));
    }
    EXPECT_TRUE(soon([&] { return health_.healthz().status == 200; }));
    append(0, "b");
    EXPECT_TRUE(committed(0, 2));
}

TEST_F(SinkTest, IsStuckWhileItsTargetHangs) {
    options_.stuck_after = 100ms;
    {
        const std::scoped_lock hangs(target_.hanging);
        append(0, "a");
        start();
        ASSERT_TRUE(soon([&] { return health_.healthz().status == 503; }));
    }
    EXPECT_TRUE(soon([&] { return health_.healthz().status == 200; }));
    EXPECT_TRUE(committed(0, 1));
}

}  // namespace
}  // namespace nearline::stream
