#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include "domain/time.hpp"

namespace nearline::stream::embedded {

/// A thread that sleeps until something can have become late, and never does I/O: it must be on time
/// when a disk is not. Thread-safe.
class Watch {
public:
    /// `check` does what is due at the given time, and says when to look again (nothing: when told).
    explicit Watch(std::function<std::optional<SteadyTime>(SteadyTime)> check);
    ~Watch();

    /// check() is not called any more once this has returned.
    void stop();

    /// check() is to be called at this time or before it. Cheap: wakes the thread only if it would be late.
    void look_at(SteadyTime time);

private:
    void run();

    const std::function<std::optional<SteadyTime>(SteadyTime)> check_;
    std::mutex mutex_;
    std::condition_variable changed_;
    SteadyTime next_ = SteadyTime::max();
    bool stop_ = false;
    std::thread thread_;  // last: it uses all the others
};

}  // namespace nearline::stream::embedded
