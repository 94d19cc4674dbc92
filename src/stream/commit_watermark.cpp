#include "stream/commit_watermark.hpp"

#include <algorithm>
#include <utility>

namespace nearline::stream {
namespace {

constexpr std::size_t least_to_shorten = 1'024;

}  // namespace

void CommitWatermark::delivered(const TopicPartition& at, std::int64_t offset) {
    auto& partition = partitions_[at];
    if (offset <= partition.last) {
        pending_ -= std::exchange(partition.pending, 0);
        partition.entries.clear();
        // What is read again from here on must not count as committed until it has ended again.
        if (partition.next && *partition.next > offset) partition.next.reset();
    }
    partition.entries.push_back({offset, false});
    partition.last = offset;
    ++partition.pending;
    ++pending_;
    // Twice as many stay at most, and the cost of it is shared by as many as were put in since.
    if (partition.entries.size() > least_to_shorten + 4 * partition.pending) shorten(partition.entries);
}

void CommitWatermark::shorten(std::deque<Entry>& entries) {
    const auto last = std::unique(entries.rbegin(), entries.rend(), [](const Entry& later, const Entry& earlier) {
        return later.ended && earlier.ended;
    });
    entries.erase(entries.begin(), last.base());
}

void CommitWatermark::ended(const TopicPartition& at, std::int64_t offset) {
    const auto found = partitions_.find(at);
    if (found == partitions_.end()) return;
    auto& partition = found->second;
    auto& entries = partition.entries;
    const auto entry = std::lower_bound(entries.begin(), entries.end(), offset,
                                        [](const Entry& e, std::int64_t wanted) { return e.offset < wanted; });
    if (entry == entries.end() || entry->offset != offset || entry->ended) return;
    entry->ended = true;
    --partition.pending;
    --pending_;
    while (!entries.empty() && entries.front().ended) {
        partition.next = entries.front().offset + 1;
        entries.pop_front();
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

std::size_t CommitWatermark::remembered() const noexcept {
    std::size_t remembered = 0;
    for (const auto& [at, partition] : partitions_) remembered += partition.entries.size();
    return remembered;
}

void CommitWatermark::forget(const TopicPartition& at) {
    const auto found = partitions_.find(at);
    if (found == partitions_.end()) return;
    pending_ -= found->second.pending;
    partitions_.erase(found);
}

}  // namespace nearline::stream
