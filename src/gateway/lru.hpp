#pragma once

#include <functional>
#include <list>
#include <unordered_map>
#include <utility>

namespace nearline::gateway {

/// A map that knows which of its entries was not used for the longest time. Bounding it is its owner's
/// task. Not thread-safe.
template <class Key, class Value, class Hash = std::hash<Key>>
class Lru {
public:
    /// Marks it as used; null if it is not there.
    Value* find(const Key& key) {
        const auto found = index_.find(key);
        if (found == index_.end()) return nullptr;
        entries_.splice(entries_.begin(), entries_, found->second);
        return &found->second->second;
    }

    /// The entry of this key, made from `args` if there was none; marks it as used.
    template <class... Args>
    Value& emplace(const Key& key, Args&&... args) {
        if (Value* found = find(key)) return *found;
        entries_.emplace_front(std::piecewise_construct, std::forward_as_tuple(key),
                               std::forward_as_tuple(std::forward<Args>(args)...));
        index_.emplace(key, entries_.begin());
        return entries_.front().second;
    }

    void erase(const Key& key) {
        const auto found = index_.find(key);
        if (found == index_.end()) return;
        entries_.erase(found->second);
        index_.erase(found);
    }

    /// Takes out what was not used for the longest time. Precondition: not empty.
    Value pop_oldest() {
        Value value = std::move(entries_.back().second);
        index_.erase(entries_.back().first);
        entries_.pop_back();
        return value;
    }

    std::size_t size() const noexcept { return entries_.size(); }
    bool empty() const noexcept { return entries_.empty(); }

private:
    using Entries = std::list<std::pair<const Key, Value>>;
    Entries entries_;  // the last used first
    std::unordered_map<Key, typename Entries::iterator, Hash> index_;
};

}  // namespace nearline::gateway
