#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace nearline::stream::embedded {

/// How many of one producer's records are on their way. Thread-safe.
class InFlight {
public:
    void taken();
    void reported();
    std::size_t count() const;
    /// Until all that was taken before the call has been reported, no longer than `time`.
    bool wait(std::chrono::milliseconds time) const;

private:
    mutable std::mutex mutex_;
    mutable std::condition_variable changed_;
    std::uint64_t taken_ = 0;
    std::uint64_t reported_ = 0;
};

}  // namespace nearline::stream::embedded
