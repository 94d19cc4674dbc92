#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <mutex>
#include <utility>

namespace nearline::notification {

/// How many senders at a time may be at users whose last try failed: a mail server that is silent about some
/// recipients for as long as it may must leave senders for all others. Half of them, but at least one.
/// Thread-safe.
class FailingSlots {
public:
    /// `on_room`: there is a place again, after there was none when somebody wanted one. Must not come back here.
    FailingSlots(std::size_t senders, std::function<void()> on_room)
        : free_(std::max<std::size_t>(1, senders / 2)), on_room_(std::move(on_room)) {}

    /// A place, or none where all are taken; given back at its end.
    class Place {
    public:
        explicit Place(FailingSlots& slots) : slots_(slots), is_taken_(slots.take()) {}
        ~Place() { give_back(); }
        Place(const Place&) = delete;
        Place& operator=(const Place&) = delete;

        bool is_taken() const noexcept { return is_taken_; }
        void give_back() {
            if (std::exchange(is_taken_, false)) slots_.give_back();
        }

    private:
        FailingSlots& slots_;
        bool is_taken_;
    };

    bool has_room() const {
        const std::scoped_lock lock(mutex_);
        return free_ > 0;
    }

private:
    bool take() {
        const std::scoped_lock lock(mutex_);
        if (free_ == 0) {
            is_wanted_ = true;
            return false;
        }
        --free_;
        return true;
    }
    void give_back() {
        {
            const std::scoped_lock lock(mutex_);
            ++free_;
            if (!std::exchange(is_wanted_, false)) return;
        }
        on_room_();
    }

    mutable std::mutex mutex_;
    std::size_t free_;
    bool is_wanted_ = false;  // somebody was turned away
    const std::function<void()> on_room_;
};

}  // namespace nearline::notification
