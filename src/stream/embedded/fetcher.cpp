#include "stream/embedded/fetcher.hpp"

#include <algorithm>

#include "stream/consumer.hpp"

namespace nearline::stream::embedded {
namespace {

// At most so much is read from the database at once: for one partition, in bytes.
constexpr std::size_t most_read = 1UL << 20;

ConsumedRecord consumed(const Record& record, const TopicPartition& at, std::int64_t offset) {
    ConsumedRecord copy;
    static_cast<Record&>(copy) = record;
    copy.at = at;
    copy.offset = offset;
    return copy;
}

}  // namespace

Fetcher::~Fetcher() {
    const auto lock = log_.lock();
    for (const auto& [at, cursor] : cursors_) {
        if (cursor.partition != nullptr) log_.unwatch(lock, *cursor.partition, signal_);
    }
    log_.unwatch_topics(lock, signal_);
}

void Fetcher::add(const Log::Lock& lock, const TopicPartition& at, std::int64_t offset) {
    const auto [added, is_new] = cursors_.try_emplace(at);
    if (!is_new) return;
    auto& cursor = added->second;
    cursor.offset = offset;
    cursor.generation = ++generation_;
    cursor.partition = log_.find_partition(at);
    if (cursor.partition != nullptr) {
        log_.watch(lock, *cursor.partition, signal_);
    } else {
        log_.unwatch_topics(lock, signal_);
        log_.watch_topics(lock, signal_);
    }
}

void Fetcher::remove(const Log::Lock& lock, const TopicPartition& at) {
    const auto found = cursors_.find(at);
    if (found == cursors_.end()) return;
    if (found->second.partition != nullptr) log_.unwatch(lock, *found->second.partition, signal_);
    cursors_.erase(found);
}

void Fetcher::pause(const Log::Lock&, const TopicPartition& at, bool paused) {
    const auto found = cursors_.find(at);
    if (found != cursors_.end()) found->second.paused = paused;
}

// Whether there is something to read, with the cursor moved to where the log still is.
bool Fetcher::ready(const Log::Lock& lock, const TopicPartition& at, Cursor& cursor) {
    if (cursor.partition == nullptr) {
        cursor.partition = log_.find_partition(at);
        if (cursor.partition == nullptr) return false;
        log_.watch(lock, *cursor.partition, signal_);
    }
    const auto& partition = *cursor.partition;
    if (cursor.offset < partition.start) {
        lost_ += static_cast<std::uint64_t>(partition.start - std::max<std::int64_t>(cursor.offset, 0));
        cursor.offset = partition.start;
    } else if (cursor.offset > partition.end) {
        cursor.offset = partition.start;
    }
    return !cursor.paused && cursor.offset < partition.end;
}

bool Fetcher::has_some(const Log::Lock& lock) {
    return std::any_of(cursors_.begin(), cursors_.end(),
                       [&](auto& entry) { return ready(lock, entry.first, entry.second); });
}

Fetcher::Portion Fetcher::portion(Cursor& cursor, std::size_t most, std::size_t& bytes) const {
    auto& partition = *cursor.partition;
    Portion portion{&partition, cursor.offset, {}, 0, cursor.generation};
    if (cursor.offset >= partition.tail_start()) {
        const auto first = partition.tail.begin() + (cursor.offset - partition.tail_start());
        const auto there = static_cast<std::size_t>(partition.tail.end() - first);
        auto last = first;
        for (const auto end = first + static_cast<std::ptrdiff_t>(std::min(most, there));
             last != end && bytes < most_polled_bytes; ++last)
            bytes += size_in_bytes(**last);
        portion.records.assign(first, last);
        cursor.offset += last - first;
    } else {
        bytes += 2 * most_read;  // with the record that passes it
        portion.to = std::min(partition.tail_start(), cursor.offset + static_cast<std::int64_t>(most));
    }
    return portion;
}

std::vector<ConsumedRecord> Fetcher::take(Log::Lock& lock, std::size_t most) {
    std::vector<Portion> portions;
    std::size_t left = most;
    std::size_t bytes = 0;
    // Around, from behind the partition whose turn was the last.
    auto turn = cursors_.upper_bound(last_);
    for (std::size_t i = 0; i < cursors_.size() && left > 0 && bytes < most_polled_bytes; ++i, ++turn) {
        if (turn == cursors_.end()) turn = cursors_.begin();
        auto& [at, cursor] = *turn;
        if (!ready(lock, at, cursor)) continue;
        auto& taken = portions.emplace_back(portion(cursor, left, bytes));
        left -= taken.records.empty() ? static_cast<std::size_t>(taken.to - taken.from) : taken.records.size();
        last_ = at;
    }
    std::vector<ConsumedRecord> records;
    if (portions.empty()) return records;
    lock.unlock();
    records.reserve(most - left);
    for (const auto& portion : portions) {
        if (portion.records.empty()) {
            read(portion, records);
        } else {
            std::int64_t offset = portion.from;
            for (const auto& record : portion.records) {
                records.push_back(consumed(*record, portion.partition->at, offset++));
            }
        }
    }
    lock.lock();
    return records;
}

void Fetcher::read(const Portion& portion, std::vector<ConsumedRecord>& records) {
    auto found = reader_.read(portion.partition->id, portion.from, portion.to,
                              static_cast<std::size_t>(portion.to - portion.from), most_read);
    const Log::Lock lock = log_.lock();
    const auto cursor = cursors_.find(portion.partition->at);
    // It was moved or taken away meanwhile: what was read is not what is wanted now.
    if (cursor == cursors_.end() || cursor->second.generation != portion.generation) return;
    // Retention can be faster: what is not there any more is passed over.
    const std::int64_t first = found.empty() ? portion.to : found.front().value;
    lost_ += static_cast<std::uint64_t>(first - portion.from);
    cursor->second.offset = found.empty() ? portion.to : found.back().value + 1;
    for (auto& [offset, record] : found) {
        auto& next = records.emplace_back();
        static_cast<Record&>(next) = std::move(record);
        next.at = portion.partition->at;
        next.offset = offset;
    }
}

}  // namespace nearline::stream::embedded
