#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "stream/record.hpp"

namespace nearline::stream {

/// Which offset may be committed when records of many partitions end out of order: the one after the
/// longest run, in the order of delivery, of records that have all ended. Offsets have gaps, so order
/// of delivery counts, not arithmetic. Its memory is that of the records that have not ended, however many have ended
/// behind one of them. No I/O; not thread-safe.
class CommitWatermark {
public:
    /// A record was handed out. Offsets of one partition must rise; one at or below the last is a
    /// re-delivery after a rebalance: everything pending for that partition is forgotten first.
    void delivered(const TopicPartition& at, std::int64_t offset);

    /// The record has ended: its answer or its dead letter is acknowledged. One that is not known (its
    /// partition was revoked meanwhile) is ignored.
    void ended(const TopicPartition& at, std::int64_t offset);

    /// What can be committed and was not taken before; takes it.
    std::vector<Position> take();

    /// Whether everything delivered has ended (of one partition).
    bool idle() const noexcept;
    bool idle(const TopicPartition& at) const noexcept;
    std::size_t pending() const noexcept;
    /// Of how many records it keeps the offset.
    std::size_t remembered() const noexcept;

    /// The partition is another member's now: forgets it.
    void forget(const TopicPartition& at);

private:
    struct Entry {
        std::int64_t offset;
        bool ended;
    };
    struct Partition {
        /// In order of delivery, the first one not ended; of others that have ended in a row, the last is enough.
        std::deque<Entry> entries;
        std::size_t pending = 0;           // entries that have not ended
        std::optional<std::int64_t> next;  // can be committed
        std::int64_t last = -1;            // offset delivered last
    };
    static void shorten(std::deque<Entry>& entries);

    std::map<TopicPartition, Partition> partitions_;
    std::size_t pending_ = 0;
};

}  // namespace nearline::stream
