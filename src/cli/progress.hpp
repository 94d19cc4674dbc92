#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include "cli/status_line.hpp"
#include "domain/time.hpp"

namespace nearline::cli {

/// A status line that says how far a long command is, a few times a second. Not thread-safe.
class Progress {
public:
    /// `total` in the unit of update()'s `done`; 0: unknown.
    explicit Progress(std::size_t total) : total_(total) {}

    void update(std::size_t done, long ended, long failed);
    /// Takes the line away, for what is written next.
    void clear();

private:
    std::size_t total_;
    StatusLine line_;
    SteadyTime next_{};
};

/// "[=====>    ]  50 %  1200 predicted, 3 failed"
std::string progress_line(std::size_t done, std::size_t total, long ended, long failed);

}  // namespace nearline::cli
