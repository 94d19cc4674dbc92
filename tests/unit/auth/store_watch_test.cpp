#include "auth/store_watch.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <gtest/gtest.h>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "domain/problem.hpp"

namespace nearline::auth {
namespace {

// A store whose presence the test decides; only what the watch uses.
class SwitchedStore : public UserStore {
public:
    enum class State { there, away, of_newer_version };

    void set(State state) {
        const std::lock_guard lock(mutex_);
        state_ = state;
    }
    // Blocks until the watch has asked so often since now.
    void wait_for_calls(int calls) {
        std::unique_lock lock(mutex_);
        const int wanted = calls_ + calls;
        ASSERT_TRUE(called_.wait_for(lock, std::chrono::seconds(20), [&] { return calls_ >= wanted; }));
    }
    int prepared() {
        const std::lock_guard lock(mutex_);
        return prepared_;
    }

    std::string dependency() const override { return "switched"; }
    void prepare() override {
        answer();
        const std::lock_guard lock(mutex_);
        ++prepared_;
    }
    void ping() override { answer(); }
    std::optional<Account> find_by_name(std::string_view) override { return std::nullopt; }
    std::optional<User> find_by_id(const Uuid&) override { return std::nullopt; }
    Added add(const User&, const std::string&) override { return Added::taken; }
    Changed remove(const Uuid&, std::int64_t) override { return Changed::unknown; }
    Changed set_admin(const Uuid&, bool, std::int64_t) override { return Changed::unknown; }
    Changed set_password(const Uuid&, const std::string&, std::int64_t) override { return Changed::unknown; }
    Changed set_notifications(const Uuid&, bool, std::int64_t) override { return Changed::unknown; }
    void replace_hash(const Uuid&, const std::string&, const std::string&) override {}
    std::vector<User> list(int, std::string_view) override { return {}; }

private:
    void answer() {
        const std::lock_guard lock(mutex_);
        ++calls_;
        called_.notify_all();
        if (state_ == State::away) throw Unavailable("switched off");
        if (state_ == State::of_newer_version) throw std::runtime_error("from a newer version");
    }

    std::mutex mutex_;
    std::condition_variable called_;
    State state_ = State::there;
    int calls_ = 0;
    int prepared_ = 0;
};

using State = SwitchedStore::State;

class Watch : public ::testing::Test {
protected:
    static void eventually(const std::function<bool()>& condition) {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        while (!condition() && std::chrono::steady_clock::now() < deadline) {
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        EXPECT_TRUE(condition());
    }

    Metrics metrics_;
    Health health_{metrics_};
    SwitchedStore store_;
    StoreWatch watch_{store_, health_};
};

TEST_F(Watch, PreparesAtTheStart) {
    watch_.start();
    EXPECT_TRUE(watch_.is_prepared());
    EXPECT_TRUE(health_.missing().empty());
}

TEST_F(Watch, WaitsForAStoreThatIsAwayAtTheStart) {
    store_.set(State::away);
    watch_.start();
    EXPECT_FALSE(watch_.is_prepared());
    EXPECT_EQ("switched off", health_.missing().at("switched"));
    store_.wait_for_calls(2);
    EXPECT_FALSE(watch_.is_prepared());
    store_.set(State::there);
    eventually([&] { return watch_.is_prepared() && health_.missing().empty(); });
    EXPECT_EQ(1, store_.prepared());
}

TEST_F(Watch, WhatWaitingCantHelpEndsTheStart) {
    store_.set(State::of_newer_version);
    EXPECT_THROW(watch_.start(), std::runtime_error);
}

TEST_F(Watch, ButNotAServiceThatIsAlreadyWaiting) {
    store_.set(State::away);
    watch_.start();
    store_.set(State::of_newer_version);
    eventually([&] { return health_.missing().at("switched") == "from a newer version"; });
    store_.set(State::there);
    eventually([&] { return watch_.is_prepared(); });
}

TEST_F(Watch, AStoreThatIsRefusedIsNotUsed) {
    StoreWatch strict(
        store_, health_, [] { FAIL() << "it is not ready"; }, [] { throw std::runtime_error("no"); });
    EXPECT_THROW(strict.start(), std::runtime_error);
    EXPECT_FALSE(strict.is_prepared());
}

TEST_F(Watch, OneThatIsRefusedAfterAWaitIsNamedUntilItIsNot) {
    std::atomic<bool> is_fine = false;
    StoreWatch strict(
        store_, health_, [] {},
        [&] {
            if (!is_fine) throw std::runtime_error("not these users");
        });
    store_.set(State::away);
    strict.start();
    store_.set(State::there);
    eventually([&] { return health_.missing().at("switched") == "not these users"; });
    EXPECT_FALSE(strict.is_prepared());
    is_fine = true;
    eventually([&] { return strict.is_prepared() && health_.missing().empty(); });
}

TEST_F(Watch, AReportIsLookedIntoAtOnce) {
    watch_.start();
    store_.set(State::away);
    watch_.report_unavailable("somebody noticed");
    store_.wait_for_calls(1);
    eventually([&] { return health_.missing().at("switched") == "switched off"; });
    store_.set(State::there);
    eventually([&] { return health_.missing().empty(); });
    EXPECT_EQ(1, store_.prepared()) << "the tables are still there";
}

}  // namespace
}  // namespace nearline::auth
