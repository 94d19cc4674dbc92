#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "cli/predict_input.hpp"
#include "cli/predict_output.hpp"

namespace nearline::cli {

/// Hands observations out to workers, and gives their outcomes back in the observations' order.
/// Thread-safe.
class PredictDesk {
public:
    explicit PredictDesk(PredictInput& input) : input_(input) {}

    /// The next to work on; nothing when there are no more. Waits while 1,000 are ahead of the slowest: their
    /// outcomes must not pile up without bound.
    std::optional<Job> take();
    void give(Outcome outcome);

    /// The next outcome in order; nothing when there are no more.
    std::optional<Outcome> next();

    /// Hands out nothing more.
    void stop();

    /// Why the input ended early, or "".
    std::string broken() const;
    std::size_t bytes_read() const;

private:
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    PredictInput& input_;
    std::map<long, Outcome> outcomes_;
    long taken_ = 0;
    long given_ = 0;
    bool ended_ = false;
    bool stopped_ = false;
    std::string broken_;
};

}  // namespace nearline::cli
