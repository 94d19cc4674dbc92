#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "auth/user_store.hpp"
#include "runtime/backoff.hpp"
#include "runtime/health.hpp"

namespace nearline::auth {

/// Prepares a user store as soon as it answers, and tells Health whether it does, from a thread of its
/// own. Thread-safe, but for start() and stop().
class StoreWatch {
public:
    /// `on_prepared` is called once, when the tables are there, on the thread that found it. `check` may refuse
    /// them just before that, by throwing: a store that is refused counts as one that can't be prepared.
    StoreWatch(
        UserStore& store, Health& health, std::function<void()> on_prepared = [] {},
        std::function<void()> check = [] {});
    ~StoreWatch();

    /// Tries at once; throws what the store and the check throw, but for Unavailable.
    void start();
    void stop();

    /// Whether the tables are there, so that the store can be used.
    bool is_prepared() const noexcept { return prepared_; }
    /// Somebody else has found that the store does not answer.
    void report_unavailable(const std::string& why);

private:
    void prepare();
    bool probe();
    void run();

    UserStore& store_;
    Health& health_;
    const std::string dependency_;
    const std::function<void()> on_prepared_;
    const std::function<void()> check_;
    std::atomic<bool> prepared_ = false;
    std::mutex mutex_;
    std::condition_variable wake_;
    bool stop_ = false;
    bool suspect_ = false;
    std::thread thread_;
};

}  // namespace nearline::auth
