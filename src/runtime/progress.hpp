#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "domain/time.hpp"

namespace nearline {

/// Decides whether a worker that is alive makes no progress. What it has taken has to end within the patience, and its
/// thread to come round; time in which a dependency that it needs is known to be missing does not count. No I/O, no
/// clock of its own; not thread-safe.
class ProgressJudge {
public:
    /// 0: it is never stuck.
    explicit ProgressJudge(std::chrono::milliseconds patience) noexcept : patience_(patience) {}

    struct State {
        /// Since when it has had what it took first of all that has not ended; nothing: it has nothing.
        std::optional<SteadyTime> oldest{};
        std::optional<SteadyTime> turned{};  ///< when its thread came round last; nothing: it does not go round
        bool is_excused = false;             ///< a dependency that it needs is missing
    };
    /// Gives why it is stuck; empty: it is not.
    std::string look(const State& state, SteadyTime now);

private:
    bool is_over(std::optional<SteadyTime> since, SteadyTime now) const;

    const std::chrono::milliseconds patience_;
    std::optional<SteadyTime> looked_;
    std::optional<SteadyTime> excused_;  // when it was excused last
};

}  // namespace nearline
