#pragma once

#include <chrono>
#include <cstddef>
#include <optional>

#include "domain/time.hpp"
#include "domain/uuid.hpp"
#include "gateway/lru.hpp"

namespace nearline::gateway {

/// So many requests a second for each user, as a token bucket: `burst` at once, then `rate` a second. For
/// a bounded number of users; one that is forgotten for others begins with a full bucket again. Not
/// thread-safe.
class RateLimit {
public:
    /// `rate` 0 or less: no limit.
    RateLimit(double rate, double burst, std::size_t max_users = 100'000)
        : rate_(rate), burst_(burst < 1 ? 1 : burst), max_users_(max_users) {}

    /// Nothing: go on. Else: too many; when the next one is allowed (rounded up to seconds).
    std::optional<std::chrono::seconds> take(const Uuid& user, SteadyTime now);

    std::size_t users() const noexcept { return buckets_.size(); }

private:
    struct Bucket {
        double tokens;
        SteadyTime filled;
    };
    double rate_;
    double burst_;
    std::size_t max_users_;
    Lru<Uuid, Bucket> buckets_;
};

}  // namespace nearline::gateway
