#pragma once

#include <cstdint>
#include <mutex>
#include <optional>

#include "runtime/metrics.hpp"

namespace nearline::stream {

/// Tells the metrics how old the oldest record is that was taken and not stored. A write blocks for as long as a
/// database takes that is away, so others than who writes have to look, too. Thread-safe.
class SinkLag {
public:
    explicit SinkLag(Gauge seconds) : seconds_(seconds) {}

    /// The oldest one's time, ms since 1970-01-01 UTC; nothing: there is none.
    void holds(std::optional<std::int64_t> oldest);
    /// Once more, as late as it is now.
    void show();

private:
    void set() const;

    std::mutex mutex_;  // so that a late look does not bring back what has ended
    std::optional<std::int64_t> oldest_;
    const Gauge seconds_;
};

}  // namespace nearline::stream
