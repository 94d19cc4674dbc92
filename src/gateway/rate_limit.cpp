#include "gateway/rate_limit.hpp"

#include <algorithm>
#include <cmath>

namespace nearline::gateway {

std::optional<std::chrono::seconds> RateLimit::take(const Uuid& user, SteadyTime now) {
    if (rate_ <= 0) return {};
    Bucket& bucket = buckets_.emplace(user, Bucket{burst_, now});
    if (buckets_.size() > max_users_) buckets_.pop_oldest();
    const std::chrono::duration<double> since = now - bucket.filled;
    bucket.tokens = std::min(burst_, bucket.tokens + std::max(0.0, since.count()) * rate_);
    bucket.filled = now;
    if (bucket.tokens >= 1) {
        bucket.tokens -= 1;
        return {};
    }
    return std::chrono::seconds(std::max(1L, std::lround(std::ceil((1 - bucket.tokens) / rate_))));
}

}  // namespace nearline::gateway
