#pragma once

#include <map>
#include <memory>
#include <set>
#include <vector>

#include "stream/embedded/log.hpp"
#include "stream/embedded/record_reader.hpp"
#include "stream/record.hpp"

namespace nearline::stream::embedded {

/// The partitions that one consumer reads and where it is in each. All calls with the log's lock held; a
/// paused partition keeps its place.
class Fetcher {
public:
    Fetcher(Log& log, RecordReader& reader) : log_(log), reader_(reader) {}
    ~Fetcher();
    Fetcher(const Fetcher&) = delete;
    Fetcher& operator=(const Fetcher&) = delete;

    /// Reads this partition too, from this offset; one that is read already goes on. A topic or partition that
    /// is not there is read from when it is made.
    void add(const Log::Lock& lock, const TopicPartition& at, std::int64_t offset);
    void remove(const Log::Lock& lock, const TopicPartition& at);
    void pause(const Log::Lock& lock, const TopicPartition& at, bool paused);

    /// What is there, up to `most` and about most_polled_bytes, the partitions by turns; gives the lock away while it
    /// copies. May be empty although there is something: then it is to be called again. Throws Unavailable where the
    /// database can't be read.
    std::vector<ConsumedRecord> take(Log::Lock& lock, std::size_t most);
    bool has_some(const Log::Lock& lock);

    const std::shared_ptr<Signal>& signal() const noexcept { return signal_; }

    /// Records that were gone before they could be read.
    std::uint64_t lost(const Log::Lock&) const noexcept { return lost_; }

private:
    struct Cursor {
        PartitionLog* partition = nullptr;  // nothing: not made yet
        std::int64_t offset = 0;
        bool paused = false;
        std::uint64_t generation = 0;  // differs after every add
    };
    // From one partition: records in memory, or a range to be read from the database.
    struct Portion {
        PartitionLog* partition;
        std::int64_t from;
        std::vector<std::shared_ptr<const Record>> records;
        std::int64_t to = 0;  // of the range
        std::uint64_t generation = 0;
    };
    using Cursors = std::map<TopicPartition, Cursor>;

    bool ready(const Log::Lock& lock, const TopicPartition& at, Cursor& cursor);
    // Adds to `bytes` what it can have.
    Portion portion(Cursor& cursor, std::size_t most, std::size_t& bytes) const;
    void read(const Portion& portion, std::vector<ConsumedRecord>& records);

    Log& log_;
    RecordReader& reader_;
    const std::shared_ptr<Signal> signal_ = std::make_shared<Signal>();
    Cursors cursors_;
    TopicPartition last_;  // whose turn was the last
    std::uint64_t generation_ = 0;
    std::uint64_t lost_ = 0;
};

}  // namespace nearline::stream::embedded
