#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "stream/record.hpp"

namespace nearline::stream::embedded {

/// What retention and searches by time need of a record.
struct RecordInfo {
    std::int64_t offset = 0;
    std::int64_t timestamp = 0;
    std::int64_t bytes = 0;  ///< of all records of the partition up to and with this one
};

/// Reads records back from the database beside the writer, for consumers that have fallen behind what is
/// kept in memory, and for retention. Thread-safe: each call borrows one of a few connections, which
/// are opened when first needed. Throws Unavailable where the database can't be read.
class RecordReader {
public:
    explicit RecordReader(std::string path);
    ~RecordReader();

    /// Closes the connections that nobody uses.
    void close_idle();

    struct Offset {
        std::int64_t value = 0;
        Record record{};
    };
    /// The records of a partition with offsets in [from, to), the first `most` of them, and no more than
    /// the first whose sizes add up to `most_bytes`.
    std::vector<Offset> read(std::int64_t partition, std::int64_t from, std::int64_t to, std::size_t most,
                             std::size_t most_bytes);

    /// The same without keys, values and headers.
    std::vector<RecordInfo> scan(std::int64_t partition, std::int64_t from, std::int64_t to, std::size_t most);

    /// The first offset in [from, to) with at least this timestamp, or `to`.
    std::int64_t offset_at(std::int64_t partition, std::int64_t from, std::int64_t to, std::int64_t timestamp);

private:
    class Connection;
    class Loan;
    std::string path_;
    std::mutex mutex_;
    std::vector<std::unique_ptr<Connection>> idle_;
};

}  // namespace nearline::stream::embedded
