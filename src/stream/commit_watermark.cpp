#include "stream/commit_watermark.hpp"

#include <algorithm>

namespace nearline::stream {

void CommitWatermark::delivered(const TopicPartition& at, std::int64_t offset) {
    auto& partition = partitions_[at];
    if (offset <= partition.last) {
        pending_ -= partition.entries.size();
        partition.entries.clear();
        // What is read again from here on must not count as committed until it has ended again.
        if (partition.next && *partition.next > offset) partition.next.reset();
    }
    partition.entries.push_back({offset, false});
    partition.last = offset;
    ++pending_;
}

void CommitWatermark::ended(const TopicPartition& at, std::int64_t offset) {
    const auto found = partitions_.find(at);
    if (found == partitions_.end()) return;
    auto& partition = found->second;
    auto& entries = partition.entries;
    const auto entry = std::lower_bound(entries.begin(), entries.end(), offset,
                                        [](const Entry& e, std::int64_t wanted) { return e.offset < wanted; });
    if (entry == entries.end() || entry->offset != offset) return;
    entry->ended = true;
    while (!entries.empty() && entries.front().ended) {
        partition.next = entries.front().offset + 1;
        entries.pop_front();
        --pending_;
    }
}

std::vector<Position> CommitWatermark::take() {
    std::vector<Position> taken;
    for (auto& [at, partition] : partitions_) {
        if (!partition.next) continue;
        taken.push_back({at, *partition.next});
        partition.next.reset();
    }
    return taken;
}

bool CommitWatermark::idle() const noexcept {
    return pending_ == 0;
}

bool CommitWatermark::idle(const TopicPartition& at) const noexcept {
    const auto found = partitions_.find(at);
    return found == partitions_.end() || found->second.entries.empty();
}

std::size_t CommitWatermark::pending() const noexcept {
    return pending_;
}

void CommitWatermark::forget(const TopicPartition& at) {
    const auto found = partitions_.find(at);
    if (found == partitions_.end()) return;
    pending_ -= found->second.entries.size();
    partitions_.erase(found);
}

}  // namespace nearline::stream
