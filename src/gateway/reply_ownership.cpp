#include "gateway/reply_ownership.hpp"

#include <algorithm>
#include <utility>

namespace nearline::gateway {

void ReplyOwnership::set_partitions(int count) {
    count_ = count;
    settle();
}

void ReplyOwnership::own(const std::set<int>& partitions) {
    owned_ = partitions;
    settle();
}

ReplyOwnership::Changes ReplyOwnership::changes() {
    return std::exchange(changes_, {});
}

bool ReplyOwnership::found(int partition) {
    const auto phase = phases_.find(partition);
    if (phase == phases_.end()) return false;
    if (phase->second == Phase::reading) return true;
    phase->second = Phase::reading;
    settle();
    return phases_.contains(partition);
}

bool ReplyOwnership::failed(int partition) {
    if (borrowed_ == partition && !is_reading(partition)) {
        borrowed_.reset();
        settle();
    }
    return phases_.contains(partition) && !is_reading(partition);
}

void ReplyOwnership::begin_anew() {
    phases_.clear();
    changes_ = {};
    settle();
}

std::optional<int> ReplyOwnership::choose() {
    if (usable_.empty()) return {};
    if (++in_a_row_ > requests_in_a_row) {
        in_a_row_ = 1;
        ++next_;
    }
    next_ %= usable_.size();
    return usable_[next_];
}

void ReplyOwnership::await(int partition) {
    ++awaited_[partition];
}

void ReplyOwnership::release(int partition) {
    const auto awaited = awaited_.find(partition);
    if (awaited == awaited_.end()) return;
    if (--awaited->second > 0) return;
    awaited_.erase(awaited);
    // The common case, a partition that is read anyway, is not worth looking at all of them.
    if (!wanted(partition)) settle();
}

std::size_t ReplyOwnership::owned() const noexcept {
    return static_cast<std::size_t>(
        std::count_if(owned_.begin(), owned_.end(), [&](int partition) { return is_reading(partition); }));
}

std::size_t ReplyOwnership::awaited() const noexcept {
    return static_cast<std::size_t>(std::count_if(awaited_.begin(), awaited_.end(), [&](const auto& awaited) {
        return !owned_.contains(awaited.first) && borrowed_ != awaited.first;
    }));
}

std::set<int> ReplyOwnership::reading() const {
    std::set<int> reading;
    for (const auto& [partition, phase] : phases_) {
        if (phase == Phase::reading) reading.insert(partition);
    }
    return reading;
}

bool ReplyOwnership::wanted(int partition) const {
    return owned_.contains(partition) || awaited_.contains(partition) || borrowed_ == partition;
}

bool ReplyOwnership::is_reading(int partition) const {
    const auto phase = phases_.find(partition);
    return phase != phases_.end() && phase->second == Phase::reading;
}

void ReplyOwnership::borrow_if_needed() {
    const bool reads_own =
        std::any_of(owned_.begin(), owned_.end(), [&](int partition) { return is_reading(partition); });
    if (reads_own) {
        borrowed_.reset();
        return;
    }
    // What is being read already can be asked on at once. So what was just given away goes on as borrowed.
    if (borrowed_ && is_reading(*borrowed_)) return;
    const auto read =
        std::find_if(phases_.begin(), phases_.end(), [](const auto& phase) { return phase.second == Phase::reading; });
    if (read != phases_.end()) {
        borrowed_ = read->first;
    } else if (!borrowed_ && owned_.empty() && count_ > 0) {
        borrowed_ = static_cast<int>(random() % static_cast<std::uint64_t>(count_));
    }
}

void ReplyOwnership::settle() {
    borrow_if_needed();
    for (auto phase = phases_.begin(); phase != phases_.end();) {
        if (wanted(phase->first)) {
            ++phase;
            continue;
        }
        if (phase->second == Phase::reading) changes_.stop.push_back(phase->first);
        std::erase(changes_.look_up, phase->first);
        phase = phases_.erase(phase);
    }
    const auto want = [&](int partition) {
        if (phases_.emplace(partition, Phase::looking_up).second) changes_.look_up.push_back(partition);
    };
    for (const int partition : owned_) want(partition);
    for (const auto& [partition, count] : awaited_) want(partition);
    if (borrowed_) want(*borrowed_);

    usable_.clear();
    for (const int partition : owned_) {
        if (is_reading(partition)) usable_.push_back(partition);
    }
    if (usable_.empty() && borrowed_ && is_reading(*borrowed_)) usable_.push_back(*borrowed_);
}

std::uint64_t ReplyOwnership::random() noexcept {
    // splitmix64
    std::uint64_t z = (random_ += 0x9e3779b97f4a7c15U);
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31U);
}

}  // namespace nearline::gateway
