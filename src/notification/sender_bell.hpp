#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>

namespace nearline::notification {

/// Wakes senders that have nothing to do. Of those that wait, one looks at the clock: the outbox is asked
/// once for all of them. Thread-safe.
class SenderBell {
public:
    /// So many senders may find something.
    void ring(std::size_t senders);
    /// All, for good.
    void end();

    /// Waits for a ring; the one that looks at the clock no longer than `time()`, which is asked without a
    /// lock, when its wait begins. False: it has ended.
    bool wait(const std::function<std::chrono::milliseconds()>& time);

private:
    std::mutex mutex_;
    std::condition_variable rung_;
    std::size_t waiting_ = 0;
    std::size_t rings_ = 0;
    bool has_clock_ = false;  // one of those that wait looks at the clock
    bool has_ended_ = false;
};

}  // namespace nearline::notification
