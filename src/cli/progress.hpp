#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include "domain/time.hpp"

namespace nearline::cli {

/// One line on standard error that says how far a long command is, rewritten a few times a second; says
/// nothing where standard error is no terminal. Not thread-safe.
class Progress {
public:
    /// `total` in the unit of update()'s `done`; 0: unknown.
    explicit Progress(std::size_t total);
    ~Progress();
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    void update(std::size_t done, long ended, long failed);
    /// Takes the line away, for what is written next.
    void clear();

private:
    std::size_t total_;
    bool shown_;
    SteadyTime next_{};
};

/// "[=====>    ]  50 %  1200 predicted, 3 failed"
std::string progress_line(std::size_t done, std::size_t total, long ended, long failed);

}  // namespace nearline::cli
