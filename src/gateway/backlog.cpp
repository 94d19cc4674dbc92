#include "gateway/backlog.hpp"

#include <algorithm>

namespace nearline::gateway {

void BacklogEstimate::sample(std::int64_t end, std::int64_t committed, SteadyTime now) {
    const std::int64_t backlog = std::max<std::int64_t>(0, end - committed);
    const auto done = static_cast<double>(committed - committed_);
    if (!moved_ || backlog == 0 || done != 0) moved_ = now;
    if (sampled_ && done > 0) {
        const std::chrono::duration<double> since = now - *sampled_;
        const double rate = since.count() > 0 ? done / since.count() : 0;
        // With something left over the group was busy all the time, so this is what it can do; with nothing
        // left over it can do at least this.
        constexpr double weight = 0.3;
        const bool busy = backlog > 0 && backlog_ > 0;
        rate_ = busy && rate_ > 0 ? rate_ + weight * (rate - rate_) : std::max(rate_, rate);
    }
    sampled_ = now;
    committed_ = committed;
    backlog_ = backlog;
}

std::chrono::duration<double> BacklogEstimate::wait(SteadyTime now) const {
    if (backlog_ == 0) return {};
    const std::chrono::duration<double> still = now - *moved_;
    const std::chrono::duration<double> work(rate_ > 0 ? static_cast<double>(backlog_) / rate_ : 0);
    return std::max(still, work);
}

}  // namespace nearline::gateway
