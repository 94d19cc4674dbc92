#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Topics as Kafka has them, behind one interface: kafka/ (librdkafka) and embedded/ (a log in SQLite)
/// keep the same promises, and one contract suite (tests/contract/stream) holds both to them:
///
/// - Offsets of a partition rise in the order of storing and may have gaps; a log's start moves up when
///   retention removes its oldest records.
/// - A stored record is on disk (embedded: fsynced; Kafka: acknowledged by all in-sync replicas).
/// - One producer's records for one partition are stored in the order of its produce() calls.
/// - Records with a key go to the partition murmur2(key) & 0x7fffffff mod partitions, as Java clients
///   do; without a key to any.
/// - Group members share a topic's partitions, each partition with one member at a time; a group goes
///   on at its committed offsets, or at the earliest record where it has none.
/// - Records can be stored together with a group's offsets (transactional_producer.hpp): all, or nothing.
/// - Readers are read-committed.
namespace nearline::stream {

struct Header {
    std::string key;
    std::optional<std::string> value;  ///< nothing is Kafka's null
    friend bool operator==(const Header&, const Header&) = default;
};

struct Record {
    std::optional<std::string> key{};
    std::optional<std::string> value{};  ///< nothing is Kafka's null
    std::vector<Header> headers{};
    std::int64_t timestamp = 0;  ///< ms since 1970-01-01 UTC; 0 when producing: now
    friend bool operator==(const Record&, const Record&) = default;
};

/// The last header with this name and a value, as Kafka's own lastHeader().
std::optional<std::string_view> find_header(const Record& record, std::string_view key) noexcept;

/// Of key, value and headers.
std::size_t size_in_bytes(const Record& record) noexcept;

struct TopicPartition {
    std::string topic;
    int partition = 0;
    friend auto operator<=>(const TopicPartition&, const TopicPartition&) = default;
};

/// "input-topic 0 1 5, other 2": for logs.
std::string to_text(const std::vector<TopicPartition>& partitions);

/// A place in a log: the record with this offset, or the first one after it.
struct Position {
    TopicPartition at;
    std::int64_t offset = 0;
    friend auto operator<=>(const Position&, const Position&) = default;
};

/// A record and where it is to go.
struct Addressed {
    std::string topic;
    std::optional<int> partition{};  ///< nothing: by key
    Record record;
};

struct ConsumedRecord : Record {
    TopicPartition at;
    std::int64_t offset = 0;
};

}  // namespace nearline::stream
