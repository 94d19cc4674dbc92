#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "stream/record.hpp"

namespace nearline::stream {

struct TopicOptions {
    int partitions = 12;
    int replication_factor = 1;                                       ///< Kafka; min.insync.replicas = max(1, RF-1)
    std::chrono::milliseconds retention{std::chrono::hours(7 * 24)};  ///< by age; 0 or less: for ever
    std::int64_t retention_bytes = -1;                                ///< for each partition; less than 0: no limit
};

struct TopicInfo {
    std::string name;
    int partitions = 0;
    int replication_factor = 1;
    /// Another topic that is made under this name after it was deleted has another; empty where a topic can't
    /// be deleted, or the stream does not tell.
    std::string id{};
};

/// The log of one partition holds offsets from `start` up to, and without, `end`.
struct Watermarks {
    std::int64_t start = 0;
    std::int64_t end = 0;
};

struct GroupInfo {
    std::string name;
    std::string state;  ///< Kafka's words: Stable, Empty, PreparingRebalance, …
    int members = 0;
};

/// Topics, offsets and groups, for operators and at start. Thread-safe, blocks, at most the time-out
/// it was made with for each call; throws Unavailable when the stream can't answer.
class Admin {
public:
    virtual ~Admin() = default;

    virtual std::string cluster_id() = 0;
    virtual std::vector<TopicInfo> topics() = 0;
    virtual std::optional<TopicInfo> topic(const std::string& name) = 0;
    /// Makes the topic if there is none; one that exists is left as it is. True if it made it.
    virtual bool create_topic(const std::string& name, const TopicOptions& options) = 0;
    /// How long the topic, as it is, keeps a record by its age; 0: for ever. Also throws Unavailable where there is no
    /// such topic, or its settings may not be read.
    virtual std::chrono::milliseconds retention(const std::string& topic) = 0;
    /// Whether a topic can have several copies, so that one is few.
    virtual bool keeps_copies() const noexcept { return false; }
    virtual Watermarks watermarks(const TopicPartition& at) = 0;
    /// The offset of the first record at or after this time (ms), or the end.
    virtual std::int64_t offset_at(const TopicPartition& at, std::int64_t timestamp) = 0;
    /// Removes the records before this offset, for good; no further than the log's end. Nothing where it starts
    /// there, or behind, already.
    virtual void delete_records(const TopicPartition& at, std::int64_t before) = 0;
    virtual std::vector<GroupInfo> groups() = 0;
    /// A group's committed offsets; partitions without one are left out.
    virtual std::map<TopicPartition, std::int64_t> committed(const std::string& group) = 0;
    /// Likewise, of one topic: what Kafka is asked for then is not all that the cluster has.
    virtual std::map<TopicPartition, std::int64_t> committed(const std::string& group, const std::string& topic) = 0;
};

}  // namespace nearline::stream
