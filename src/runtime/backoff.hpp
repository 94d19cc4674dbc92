#pragma once

#include <chrono>
#include <cstdint>

namespace nearline {

/// How long to wait before trying again: exponential, capped, with full jitter on the upper half
/// (between half and all of the current step), so that many who wait for one server don't come back
/// together. Not thread-safe; no I/O.
class Backoff {
public:
    struct Options {
        std::chrono::milliseconds first{100};
        std::chrono::milliseconds most{2'000};  ///< for so long what is back again may stay unused
        double factor = 2.0;
    };
    Backoff() noexcept : Backoff(Options{}) {}
    explicit Backoff(Options options, std::uint64_t seed = 0) noexcept;

    /// The wait before the next try; grows from call to call.
    std::chrono::milliseconds next() noexcept;
    /// After a success.
    void reset() noexcept;
    int failures() const noexcept { return failures_; }

private:
    Options options_;
    std::uint64_t random_;
    int failures_ = 0;
};

}  // namespace nearline
