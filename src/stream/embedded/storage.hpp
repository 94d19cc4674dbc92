#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "stream/admin.hpp"
#include "stream/record.hpp"

namespace nearline::stream::embedded {

/// A write that failed. `unclear`: the transaction may yet turn up after a crash, until another one has
/// been committed over it; else it is certainly gone.
class StorageError : public std::runtime_error {
public:
    StorageError(const std::string& why, bool unclear) : std::runtime_error(why), unclear_(unclear) {}
    bool unclear() const noexcept { return unclear_; }

private:
    bool unclear_;
};

/// What the database held when it was opened.
struct StoredPartition {
    std::int64_t id = 0;
    std::int64_t start = 0;
    std::int64_t end = 0;
    std::int64_t bytes = 0;  ///< of all records ever stored up to `end`
};
struct StoredTopic {
    std::string name;
    TopicOptions options;
    std::vector<StoredPartition> partitions;  ///< by number
};
struct StoredOffset {
    std::string group;
    TopicPartition at;
    std::int64_t offset = 0;
};
struct StoredState {
    std::string cluster_id;
    std::vector<StoredTopic> topics;
    std::vector<StoredOffset> offsets;
};

/// The log's one writing connection: transactions with synchronous=FULL, nothing checkpointed unless
/// asked to. For one thread at a time. Errors while writing are StorageError; after one, rollback().
class Storage {
public:
    /// Opens, and makes or migrates, the database, with room for this many pages in its write-ahead log. Throws
    /// std::runtime_error or Unavailable.
    Storage(const std::string& path, int log_pages);
    ~Storage();

    StoredState load();

    void begin();
    void commit();
    void rollback() noexcept;
    /// Changes something that does not matter, so that there is something to commit.
    void touch();
    /// Where it is; errors of this class don't say so.
    std::string file() const;
    /// Commits such a transaction, over what a failed one left behind.
    void fence();

    /// `bytes`: of all records of the partition up to and with this one.
    void append(std::int64_t partition, std::int64_t offset, const Record& record, std::int64_t bytes);
    void store_offset(const std::string& group, std::int64_t partition, std::int64_t offset);
    /// Nothing where there is a topic of this name, perhaps made in the same transaction.
    std::optional<StoredTopic> create_topic(const std::string& name, const TopicOptions& options);
    /// Removes the records before `start`, of which the first has the offset `from`.
    void remove_before(std::int64_t partition, std::int64_t from, std::int64_t start);

    /// Pages in the write-ahead log after the last commit.
    int log_pages() const noexcept;
    /// Copies what it can of the write-ahead log to the database, waiting for nobody. The next commit
    /// starts the log anew if that was all of it.
    void checkpoint();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// How many bytes of key, value and headers a record takes: what retention by size counts.
std::int64_t stored_size(const Record& record) noexcept;

}  // namespace nearline::stream::embedded
