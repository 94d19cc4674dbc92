#include "auth/login_throttle.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string>

#include "domain/user.hpp"

namespace nearline::auth {
namespace {

using Seconds = std::chrono::duration<double>;

std::string network_of(std::string_view address) {
    in6_addr v6{};
    if (::inet_pton(AF_INET6, std::string(address).c_str(), &v6) != 1) return std::string(address);
    if (IN6_IS_ADDR_V4MAPPED(&v6)) return std::string(reinterpret_cast<const char*>(v6.s6_addr) + 12, 4);
    return std::string(reinterpret_cast<const char*>(v6.s6_addr), 8);
}

Uuid address_key(std::string_view address) {
    return Uuid::hash_based({network_of(address)});
}

Uuid name_key(std::string_view name, std::string_view address) {
    return Uuid::hash_based({normal_name(name), network_of(address)});
}

}  // namespace

FailureCounter::FailureCounter(FailureLimit limit, std::size_t most_keys) : limit_(limit), most_keys_(most_keys) {}

double FailureCounter::level(const Bucket& bucket, SteadyTime now) const {
    const double leaked = Seconds(now - bucket.since) / Seconds(limit_.recover);
    return std::max(0.0, bucket.level - std::max(0.0, leaked));
}

std::optional<std::chrono::seconds> FailureCounter::wait(const Uuid& key, SteadyTime now) const {
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) return std::nullopt;
    const double too_many = level(*found->second, now) + 1 - limit_.burst;
    if (too_many <= 0) return std::nullopt;
    const auto wait = std::chrono::ceil<std::chrono::seconds>(too_many * Seconds(limit_.recover));
    return std::max(wait, std::chrono::seconds(1));
}

void FailureCounter::failed(const Uuid& key, SteadyTime now) {
    // Tries that ran side by side may go over the burst: they are paid for with a longer wait, up to a bound.
    const double most = limit_.burst - 1 + Seconds(limit_.most_wait) / Seconds(limit_.recover);
    if (const auto found = by_key_.find(key); found != by_key_.end()) {
        Bucket& bucket = *found->second;
        bucket.level = std::min(most, level(bucket, now) + 1);
        bucket.since = now;
        buckets_.splice(buckets_.begin(), buckets_, found->second);
        return;
    }
    if (buckets_.size() >= most_keys_) {
        by_key_.erase(buckets_.back().key);
        buckets_.pop_back();
    }
    buckets_.push_front({key, 1, now});
    by_key_.emplace(key, buckets_.begin());
}

void FailureCounter::forget(const Uuid& key) {
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) return;
    buckets_.erase(found->second);
    by_key_.erase(found);
}

LoginThrottle::LoginThrottle(const ThrottleOptions& options)
    : by_name_(options.by_name, options.most_keys), by_address_(options.by_address, options.most_keys) {}

std::optional<std::chrono::seconds> LoginThrottle::wait(std::string_view name, std::string_view address,
                                                        SteadyTime now) const {
    // nullopt is less than any wait.
    return std::max(by_name_.wait(name_key(name, address), now), by_address_.wait(address_key(address), now));
}

void LoginThrottle::failed(std::string_view name, std::string_view address, SteadyTime now) {
    by_name_.failed(name_key(name, address), now);
    by_address_.failed(address_key(address), now);
}

void LoginThrottle::succeeded(std::string_view name, std::string_view address) {
    // The address stays as it is: an own account would else make guessing others free.
    by_name_.forget(name_key(name, address));
}

}  // namespace nearline::auth
