#include "gateway/token_cache.hpp"

#include "domain/uuid.hpp"

namespace nearline::gateway {

std::optional<TokenCache::Yes> TokenCache::find(std::string_view token, SteadyTime now) {
    const std::string key = sha256_hex(token);
    const Entry* entry = entries_.find(key);
    if (!entry) return {};
    if (entry->until > now) return entry->yes;
    entries_.erase(key);
    return {};
}

void TokenCache::put(std::string_view token, Yes yes, SteadyTime asked) {
    const std::string key = sha256_hex(token);
    entries_.emplace(key) = {yes, asked + keep_time_};
    while (entries_.size() > max_) entries_.pop_oldest();
}

void TokenCache::erase(std::string_view token) {
    entries_.erase(sha256_hex(token));
}

}  // namespace nearline::gateway
