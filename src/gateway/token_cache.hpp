#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "domain/time.hpp"
#include "gateway/lru.hpp"

namespace nearline::gateway {

/// What auth-svc said yes to, a short time ago. Only a yes is kept. Bounded; keeps hashes, not tokens.
/// Not thread-safe.
class TokenCache {
public:
    TokenCache(std::chrono::milliseconds keep_time, std::size_t max_tokens) : keep_time_(keep_time), max_(max_tokens) {}

    struct Yes {
        bool admin = false;  ///< as the database says
    };
    /// What was said less than the keep time ago.
    std::optional<Yes> find(std::string_view token, SteadyTime now);
    /// `asked`: when the question was put: what happened to the user since then is not in the answer.
    void put(std::string_view token, Yes yes, SteadyTime asked);
    void erase(std::string_view token);

    std::size_t size() const noexcept { return entries_.size(); }

private:
    struct Entry {
        Yes yes;
        SteadyTime until;
    };
    std::chrono::milliseconds keep_time_;
    std::size_t max_;
    Lru<std::string, Entry> entries_;
};

}  // namespace nearline::gateway
