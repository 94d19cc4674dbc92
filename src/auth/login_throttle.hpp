#pragma once

#include <chrono>
#include <cstddef>
#include <list>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "domain/time.hpp"
#include "domain/uuid.hpp"

namespace nearline::auth {

/// How many failures are let through.
struct FailureLimit {
    double burst;                       ///< so many at once
    std::chrono::milliseconds recover;  ///< then one more after each such time
    std::chrono::milliseconds most_wait{15 * 60'000};
};

/// Counts failures for keys: each key is a bucket that leaks. Memory is bounded: when `most_keys` are
/// known, the one that failed longest ago is forgotten. Not thread-safe; the clock is handed in.
class FailureCounter {
public:
    FailureCounter(FailureLimit limit, std::size_t most_keys);

    /// How long to wait before the next try of this key; nothing: go on.
    std::optional<std::chrono::seconds> wait(const Uuid& key, SteadyTime now) const;
    void failed(const Uuid& key, SteadyTime now);
    void forget(const Uuid& key);
    std::size_t size() const noexcept { return buckets_.size(); }

private:
    struct Bucket {
        Uuid key;
        double level;  // failures, at `since`
        SteadyTime since;
    };
    double level(const Bucket& bucket, SteadyTime now) const;

    FailureLimit limit_;
    std::size_t most_keys_;
    std::list<Bucket> buckets_;  // who failed last is in front
    std::unordered_map<Uuid, std::list<Bucket>::iterator> by_key_;
};

struct ThrottleOptions {
    FailureLimit by_name{.burst = 5, .recover = std::chrono::seconds(15)};     ///< one name from one address
    FailureLimit by_address{.burst = 50, .recover = std::chrono::seconds(3)};  ///< all names from one address
    std::size_t most_keys = 20'000;  ///< for each of the two; about 150 bytes each
};

/// Slows down whoever guesses passwords: by (name, address), so that a stranger can't lock a user out,
/// and more loosely by address alone. An IPv6 address counts as its /64, which one host has for itself.
/// Not thread-safe; the clock is handed in.
class LoginThrottle {
public:
    explicit LoginThrottle(const ThrottleOptions& options = {});

    /// How long this client has to wait before it may try this name; nothing: go on.
    std::optional<std::chrono::seconds> wait(std::string_view name, std::string_view address, SteadyTime now) const;
    void failed(std::string_view name, std::string_view address, SteadyTime now);
    void succeeded(std::string_view name, std::string_view address);

private:
    FailureCounter by_name_;
    FailureCounter by_address_;
};

}  // namespace nearline::auth
