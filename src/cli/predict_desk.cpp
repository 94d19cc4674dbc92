#include "cli/predict_desk.hpp"

#include <exception>

namespace nearline::cli {

std::optional<Job> PredictDesk::take() {
    constexpr long most_ahead = 1'000;
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return stopped_ || ended_ || taken_ - given_ < most_ahead; });
    if (stopped_ || ended_) return std::nullopt;
    std::optional<Job> job;
    try {
        job = input_.next();
    } catch (const std::exception& e) {
        broken_ = e.what();
    }
    if (job) {
        ++taken_;
    } else {
        ended_ = true;
        changed_.notify_all();
    }
    return job;
}

void PredictDesk::give(Outcome outcome) {
    {
        const std::scoped_lock lock(mutex_);
        const long number = outcome.job.number;
        outcomes_.emplace(number, std::move(outcome));
    }
    changed_.notify_all();
}

std::optional<Outcome> PredictDesk::next() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return outcomes_.contains(given_) || ((ended_ || stopped_) && given_ == taken_); });
    const auto found = outcomes_.find(given_);
    if (found == outcomes_.end()) return std::nullopt;
    auto outcome = std::move(found->second);
    outcomes_.erase(found);
    ++given_;
    changed_.notify_all();
    return outcome;
}

void PredictDesk::stop() {
    {
        const std::scoped_lock lock(mutex_);
        stopped_ = true;
    }
    changed_.notify_all();
}

std::string PredictDesk::broken() const {
    const std::scoped_lock lock(mutex_);
    return broken_;
}

std::size_t PredictDesk::bytes_read() const {
    const std::scoped_lock lock(mutex_);
    return input_.bytes_read();
}

}  // namespace nearline::cli
