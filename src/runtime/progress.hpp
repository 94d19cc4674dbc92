#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "domain/time.hpp"

namespace nearline {

/// Decides whether a worker that is alive makes no progress. What it has taken has to end within the patience;
/// time in which a dependency is known to be missing does not count. No I/O, no clock of its own; not
/// thread-safe.
class ProgressJudge {
public:
    /// 0: it is never stuck.
    explicit ProgressJudge(std::chrono::milliseconds patience) noexcept : patience_(patience) {}

    /// `oldest`: since when it has had what it took first of all that has not ended; nothing: it has nothing.
    /// `is_excused`: a dependency is missing. Gives why it is stuck; empty: it is not.
    std::string look(std::optional<SteadyTime> oldest, bool is_excused, SteadyTime now);

private:
    const std::chrono::milliseconds patience_;
    std::optional<SteadyTime> excused_;  // when it was excused last
};

}  // namespace nearline
