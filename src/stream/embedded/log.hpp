#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/metrics.hpp"
#include "stream/admin.hpp"
#include "stream/embedded/group.hpp"
#include "stream/embedded/storage.hpp"
#include "stream/record.hpp"

namespace nearline::stream::embedded {

/// What one consumer sleeps on, with the log's mutex held.
struct Signal {
    std::condition_variable changed;
    bool woken = false;                   ///< by wake(): the next poll() returns at once
    std::function<void()> ready = [] {};  ///< for who does not sleep; does not change once it is watched with

    void tell() {
        changed.notify_one();
        ready();
    }
};

/// A partition as memory has it. What is not const is guarded by the log's mutex; the writer's thread alone
/// changes `end`, `bytes` and `tail`.
struct PartitionLog {
    PartitionLog(TopicPartition place, const StoredPartition& stored)
        : id(stored.id), at(std::move(place)), start(stored.start), end(stored.end), bytes(stored.bytes) {}

    const std::int64_t id;
    const TopicPartition at;
    std::int64_t start;
    std::int64_t end;
    std::int64_t bytes;
    std::deque<std::shared_ptr<const Record>> tail;  ///< the newest records: [tail_start(), end)
    std::vector<std::shared_ptr<Signal>> watchers;   ///< who reads it

    std::int64_t tail_start() const noexcept { return end - static_cast<std::int64_t>(tail.size()); }
};

struct Topic {
    std::string name;
    TopicOptions options;
    std::vector<std::unique_ptr<PartitionLog>> partitions;
    Counter stored;  ///< metric
};

/// A record that is on disk now.
struct Committed {
    PartitionLog* partition;
    std::shared_ptr<const Record> record;
};

/// A group's next offset in a partition.
struct GroupOffset {
    std::string group;
    PartitionLog* partition;
    std::int64_t next;
};

/// What all parts of the embedded stream share: topics with the end of their logs in memory, groups with
/// their offsets, and who is to be woken for what. Thread-safe where it takes no lock as an argument;
/// with one, that must be lock()'s, and held.
class Log {
public:
    using Lock = std::unique_lock<std::mutex>;

    /// Keeps records that take about `memory` bytes, all partitions together.
    Log(const StoredState& stored, std::size_t memory, Metrics& metrics);

    Lock lock() { return Lock(mutex_); }

    /// Topics are never removed: the pointers stay good.
    const Topic* find_topic(std::string_view name) const;
    PartitionLog* find_partition(const TopicPartition& at) const;
    std::vector<const Topic*> topics() const;

    // --- by the writer, once the transaction is on disk ---
    void add_topic(const StoredTopic& stored);
    void publish(std::vector<Committed>&& records);
    void publish(const std::vector<GroupOffset>& offsets);
    /// Of offsets that were stored in one transaction with records: members learn of them now.
    void publish_and_note(const std::vector<GroupOffset>& offsets);
    void publish_start(PartitionLog& partition, std::int64_t start);

    // --- by consumers ---
    Group& group(const Lock&, const std::string& name);
    std::optional<SteadyTime> expire_members(SteadyTime now);
    void watch(const Lock&, PartitionLog& partition, const std::shared_ptr<Signal>& signal);
    void unwatch(const Lock&, PartitionLog& partition, const std::shared_ptr<Signal>& signal);
    /// Woken when a topic is made.
    void watch_topics(const Lock&, const std::shared_ptr<Signal>& signal);
    void unwatch_topics(const Lock&, const std::shared_ptr<Signal>& signal);

    /// Where a group goes on, as its members have said, stored yet or not.
    void note_offset(const Lock&, const std::string& group, const TopicPartition& at, std::int64_t next);
    std::optional<std::int64_t> noted_offset(const Lock&, const std::string& group, const TopicPartition& at) const;

    // --- by operators ---
    std::vector<GroupInfo> groups();
    std::map<TopicPartition, std::int64_t> stored_offsets(const std::string& group);

private:
    using Offsets = std::map<std::string, std::map<TopicPartition, std::int64_t>>;
    void insert_topic(const StoredTopic& stored);
    void keep(PartitionLog& partition, std::shared_ptr<const Record> record);

    const std::size_t memory_;
    Metrics& metrics_;

    mutable std::shared_mutex topics_mutex_;  // of topics_ alone; taken inside mutex_, never around it
    std::map<std::string, std::unique_ptr<Topic>, std::less<>> topics_;

    std::mutex mutex_;  // of all below, and of what PartitionLog and Signal say
    std::map<std::string, int> partition_counts_;
    std::map<std::string, Group> groups_;
    Offsets noted_;
    Offsets stored_;
    std::vector<std::shared_ptr<Signal>> topic_watchers_;
    std::deque<PartitionLog*> kept_;  // whose records the tails hold, oldest first
    std::size_t kept_bytes_ = 0;
};

}  // namespace nearline::stream::embedded
