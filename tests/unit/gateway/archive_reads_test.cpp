#include "gateway/archive_reads.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <future>
#include <gtest/gtest.h>
#include <thread>
#include <vector>

#include "http/event_loop.hpp"
#include "support/scripted_archive.hpp"

namespace nearline::gateway {
namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;

const Uuid user = Uuid::hash_based({"user"});
const Uuid id = Uuid::hash_based({"id"});

ArchiveReads::Options options() {
    ArchiveReads::Options options;
    options.probe_interval = 10ms;
    options.threads = 2;
    options.most_waiting = 1;
    return options;
}

class ArchiveReadsTest : public ::testing::Test {
protected:
    ArchiveReadsTest() { loop_.start(); }
    ~ArchiveReadsTest() override { end(); }

    ArchiveReads& begin(const ArchiveReads::Options& options, bool watch = false) {
        reads_.emplace(&archive_, loop_, gate_, metrics_, health_, options);
        if (watch) reads_->start();
        return *reads_;
    }
    void end() {
        archive_.go_on();
        gate_.close();
        if (reads_) reads_->stop();
        loop_.stop();
    }
    template <class Value>
    std::future<Value> start(asio::awaitable<Value> task) {
        return asio::co_spawn(loop_.executor(), std::move(task), asio::use_future);
    }
    template <class Value>
    Value run(asio::awaitable<Value> task) {
        return start(std::move(task)).get();
    }
    bool missing_within(bool missing, std::chrono::milliseconds time = 5s) {
        const auto until = std::chrono::steady_clock::now() + time;
        while (health_.missing().contains("archive") != missing) {
            if (std::chrono::steady_clock::now() > until) return false;
            std::this_thread::sleep_for(1ms);
        }
        return true;
    }
    double counted(const std::string& call, const std::string& outcome) {
        return metrics_
            .counter("nearline_gateway_archive_reads_total",
                     "Questions to the archive by call (find, list; repeat: whether a POST is one) and outcome",
                     {{"call", call}, {"outcome", outcome}})
            .value();
    }

    test::ScriptedArchive archive_;
    Metrics metrics_;
    Health health_{metrics_};
    http::EventLoop loop_{"reads"};
    LoopGate gate_{loop_};
    std::optional<ArchiveReads> reads_;
};

TEST_F(ArchiveReadsTest, FindsWhatIsThereAsAnAnswer) {
    auto& reads = begin(options());
    const auto prediction = test::archived(id, user, 1, "body");
    archive_.put(prediction);
    const auto found = run(reads.find(id));
    ASSERT_TRUE(found);
    ASSERT_TRUE(*found);
    EXPECT_EQ((*found)->id, id);
    EXPECT_EQ((*found)->user, user);
    EXPECT_EQ((*found)->status, 200);
    EXPECT_EQ((*found)->body_digest, sha256_hex("body"));
    EXPECT_EQ((*found)->json, to_json(prediction.prediction));

    archive_.put(test::failed(prediction, 422, "why"));
    EXPECT_EQ((*run(reads.find(id)))->status, 422);
    EXPECT_EQ((*run(reads.find(id)))->message, "why");
    EXPECT_EQ(*run(reads.find(user)), nullptr);
    EXPECT_EQ(counted("find", "told"), 4);
}

TEST_F(ArchiveReadsTest, ListsOneMoreToKnowWhetherThereIsMore) {
    auto& reads = begin(options());
    for (int i = 0; i < 3; ++i) archive_.put(test::archived(Uuid::random(), user, i));
    EXPECT_FALSE(run(reads.list(user, {3, {}}))->next);
    EXPECT_TRUE(run(reads.list(user, {2, {}}))->next);
    EXPECT_EQ(run(reads.list(id, {2, {}}))->json, R"({"predictions":[]})");
}

TEST_F(ArchiveReadsTest, AwayIs503AndIsNamed) {
    auto& reads = begin(options());
    archive_.away = true;
    const auto found = run(reads.find(id));
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().status, 503);
    EXPECT_TRUE(found.error().retry_after);
    EXPECT_EQ(run(reads.list(user, {})).error().status, 503);
    EXPECT_TRUE(health_.missing().contains("archive"));
    EXPECT_EQ(counted("find", "away"), 1);
    archive_.away = false;
    EXPECT_TRUE(run(reads.find(id)));
    EXPECT_FALSE(health_.missing().contains("archive"));
}

TEST_F(ArchiveReadsTest, LooksWhetherItAnswersThoughNobodyAsks) {
    archive_.away = true;
    begin(options(), true);
    EXPECT_TRUE(missing_within(true));
    archive_.away = false;
    EXPECT_TRUE(missing_within(false));
}

TEST_F(ArchiveReadsTest, NobodyWaitsLongerThanPatienceAllows) {
    auto with_little = options();
    with_little.patience = 30ms;
    auto& reads = begin(with_little);
    archive_.hold();
    const auto found = run(reads.find(id));
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().status, 503);
    EXPECT_TRUE(health_.missing().contains("archive"));
    EXPECT_EQ(counted("find", "slow"), 1);
    archive_.go_on();
}

TEST_F(ArchiveReadsTest, MoreThanItsQueueIsRefusedAtOnce) {
    auto& reads = begin(options());
    archive_.put(test::archived(id, user, 1));
    archive_.hold();
    std::vector<std::future<Result<AnswerPtr>>> fitting;
    fitting.reserve(3);
    for (int i = 0; i < 3; ++i) fitting.push_back(start(reads.find(id)));
    while (archive_.asked() < 2) std::this_thread::sleep_for(1ms);  // two at work, one waits
    const auto refused = run(reads.find(id));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().status, 503);
    EXPECT_TRUE(refused.error().retry_after);
    EXPECT_EQ(run(reads.find_at_once(id)), nullptr);
    EXPECT_FALSE(health_.missing().contains("archive")) << "it does what it can";
    archive_.go_on();
    for (auto& each : fitting) EXPECT_TRUE(*each.get());
    EXPECT_EQ(counted("find", "full"), 1);
}

TEST_F(ArchiveReadsTest, WhatNobodyWaitsForAnyMoreIsNotAsked) {
    auto with_little = options();
    with_little.threads = 1;
    with_little.patience = 300ms;
    auto& reads = begin(with_little);
    archive_.hold();
    auto first = start(reads.find(id));
    while (archive_.asked() < 1) std::this_thread::sleep_for(1ms);
    auto second = start(reads.find(id));
    EXPECT_FALSE(first.get());
    EXPECT_FALSE(second.get());
    end();
    EXPECT_EQ(archive_.asked(), 1);
}

TEST_F(ArchiveReadsTest, ARepeatIsFoundAtOnceOrNotAtAll) {
    auto with_little = options();
    with_little.repeat_patience = 300ms;
    auto& reads = begin(with_little);
    EXPECT_EQ(run(reads.find_at_once(id)), nullptr);
    archive_.put(test::archived(id, user, 1));
    EXPECT_TRUE(run(reads.find_at_once(id)));

    archive_.hold();
    const int asked = archive_.asked();
    EXPECT_EQ(run(reads.find_at_once(id)), nullptr);
    EXPECT_EQ(run(reads.find_at_once(id)), nullptr) << "for a while nobody waits in vain again";
    EXPECT_EQ(archive_.asked(), asked + 1);
    EXPECT_EQ(counted("repeat", "slow"), 1);
    EXPECT_EQ(counted("repeat", "skipped"), 1);
    archive_.go_on();
}

TEST_F(ArchiveReadsTest, WhileItIsKnownToBeAwayARepeatIsNotLookedUp) {
    auto& reads = begin(options());
    archive_.away = true;
    EXPECT_EQ(run(reads.find_at_once(id)), nullptr);
    EXPECT_EQ(run(reads.find_at_once(id)), nullptr);
    EXPECT_EQ(archive_.asked(), 1);
    EXPECT_EQ(counted("repeat", "away"), 1);
    EXPECT_EQ(counted("repeat", "skipped"), 1);
    archive_.away = false;
    EXPECT_TRUE(run(reads.find(user)));
    archive_.put(test::archived(id, user, 1));
    EXPECT_TRUE(run(reads.find_at_once(id)));
}

TEST_F(ArchiveReadsTest, WithoutAnArchiveThereIsNoRepeat) {
    ArchiveReads none(nullptr, loop_, gate_, metrics_, health_, {});
    none.start();
    EXPECT_FALSE(none.is_there());
    EXPECT_EQ(run(none.find_at_once(id)), nullptr);
    EXPECT_EQ(counted("repeat", "skipped"), 0);
}

}  // namespace
}  // namespace nearline::gateway
