#include "notification/sender_bell.hpp"

#include <algorithm>

namespace nearline::notification {

void SenderBell::ring(std::size_t senders) {
    {
        const std::scoped_lock lock(mutex_);
        // One that is not waiting looks again before it waits: a ring too many costs it one look.
        rings_ = std::min(rings_ + senders, waiting_ + 1);
    }
    rung_.notify_all();
}

void SenderBell::end() {
    {
        const std::scoped_lock lock(mutex_);
        has_ended_ = true;
    }
    rung_.notify_all();
}

bool SenderBell::wait(const std::function<std::chrono::milliseconds()>& time) {
    std::unique_lock lock(mutex_);
    const auto is_called = [this] { return has_ended_ || rings_ > 0; };
    ++waiting_;
    while (!is_called()) {
        if (has_clock_) {
            rung_.wait(lock, [&] { return is_called() || !has_clock_; });
            continue;
        }
        has_clock_ = true;
        lock.unlock();
        std::chrono::milliseconds most{0};
        try {
            most = time();
        } catch (...) {
            lock.lock();
            has_clock_ = false;
            --waiting_;
            lock.unlock();
            rung_.notify_all();
            throw;
        }
        lock.lock();
        const bool was_called = rung_.wait_for(lock, most, is_called);
        has_clock_ = false;
        // Somebody else takes the clock.
        rung_.notify_all();
        if (!was_called) break;
    }
    --waiting_;
    if (rings_ > 0) --rings_;
    return !has_ended_;
}

}  // namespace nearline::notification
