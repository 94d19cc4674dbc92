#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "domain/time.hpp"

namespace nearline::gateway {

/// How long a record that is produced now waits before a model sees it, estimated from where the
/// prediction group stands, sampled every second or so. No I/O, no clock; not thread-safe.
class BacklogEstimate {
public:
    /// A partition of the input topic: its first offset, the one behind its last, and the group's; 0 where it has none.
    struct Position {
        std::int64_t start = 0;
        std::int64_t end = 0;
        std::int64_t committed = 0;
    };

    /// Of all partitions, in their order; nothing of those that could not be asked: they stand where they did. What
    /// retention deletes is not work that the group has done.
    void sample(const std::vector<std::optional<Position>>& positions, SteadyTime now);

    /// The time it takes to work off what was there when it was sampled last. While nothing moves nobody can know: it
    /// is then at least the time for which nothing was seen to move.
    std::chrono::duration<double> wait() const;

    std::int64_t backlog() const noexcept { return backlog_; }
    /// Records a second that the group gets done when it has enough to do; 0: not known yet.
    double rate() const noexcept { return rate_; }

private:
    std::optional<SteadyTime> sampled_;
    std::optional<SteadyTime> moved_;  // when the group last got on, or had nothing to do, as far as could be seen
    std::vector<std::optional<Position>> positions_;  // nothing: never seen
    std::int64_t backlog_ = 0;
    double rate_ = 0;
};

}  // namespace nearline::gateway
