#include "gateway/backlog.hpp"

#include <algorithm>

namespace nearline::gateway {

void BacklogEstimate::sample(const std::vector<std::optional<Position>>& positions, SteadyTime now) {
    positions_.resize(positions.size());
    std::int64_t backlog = 0;
    std::int64_t done = 0;
    bool moved = false;
    bool waits = false;
    for (std::size_t i = 0; i < positions.size(); ++i) {
        const auto before = positions_[i];
        if (positions[i]) positions_[i] = positions[i];
        // Never seen yet: nothing is known to be there.
        const auto at = positions_[i].value_or(Position{});
        const auto left = std::max<std::int64_t>(0, at.end - std::max(at.start, at.committed));
        backlog += left;
        // Nobody can get on where nobody can be asked.
        waits = waits || (positions[i] && left > 0);
        // What a partition had behind it when it was first seen was not done since.
        if (!before) continue;
        moved = moved || at.committed != before->committed;
        done += std::max<std::int64_t>(0, at.committed - std::max(before->start, before->committed));
    }
    if (!moved_ || !waits || moved) moved_ = now;
    if (sampled_ && done > 0) {
        const std::chrono::duration<double> since = now - *sampled_;
        const double rate = since.count() > 0 ? static_cast<double>(done) / since.count() : 0;
        // With something left over the group was busy all the time, so this is what it can do; with nothing
        // left over it can do at least this.
        constexpr double weight = 0.3;
        const bool busy = backlog > 0 && backlog_ > 0;
        rate_ = busy && rate_ > 0 ? rate_ + weight * (rate - rate_) : std::max(rate_, rate);
    }
    sampled_ = now;
    backlog_ = backlog;
}

std::chrono::duration<double> BacklogEstimate::wait() const {
    if (backlog_ == 0) return {};
    const std::chrono::duration<double> still = *sampled_ - *moved_;
    const std::chrono::duration<double> work(rate_ > 0 ? static_cast<double>(backlog_) / rate_ : 0);
    return std::max(still, work);
}

}  // namespace nearline::gateway
