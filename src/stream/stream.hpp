#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/metrics.hpp"
#include "stream/admin.hpp"
#include "stream/consumer.hpp"
#include "stream/fenced_writer.hpp"
#include "stream/producer.hpp"
#include "stream/transactional_producer.hpp"

namespace nearline::stream {

struct ProducerOptions {
    /// How long a record may wait for its acknowledgement before it is reported as unknown or rejected;
    /// the report itself can be a second later.
    std::chrono::milliseconds delivery_timeout{4'000};
    std::size_t max_in_flight = 100'000;  ///< records; above it produce() rejects
    /// Kafka: reports may wait so long for others that come along, but for Producer::report_promptly(). Each of them
    /// alone wakes a thread, on a core that somebody waits for.
    std::chrono::milliseconds report_interval{0};
};

struct GroupOptions {
    std::string group;
    std::vector<std::string> topics;
    /// A member that is silent for so long is thought dead. Kafka: session.timeout.ms.
    std::chrono::milliseconds session_timeout{6'000};
    /// Kafka: max.poll.interval.ms.
    std::chrono::milliseconds max_poll_interval{300'000};
    /// Kafka: fetch.min.bytes. Where less has come, a fetch waits for it, but no longer than 100 ms: fewer fetches,
    /// which cost the broker as much as both ends. The embedded log has none.
    std::size_t fetch_min_bytes = 1;
};

/// A connection to topics, and the factory of all that works with them. Thread-safe; outlives what it
/// makes. Making things does not wait for a server: they connect, and reconnect, by themselves.
class Stream {
public:
    virtual ~Stream() = default;
    virtual std::unique_ptr<Producer> producer(const ProducerOptions& options) = 0;
    virtual std::unique_ptr<GroupConsumer> consumer(const GroupOptions& options, RebalanceListener listener) = 0;
    virtual std::unique_ptr<GroupMember> member(const GroupOptions& options, RebalanceListener listener) = 0;
    virtual std::unique_ptr<Reader> reader() = 0;
    virtual std::unique_ptr<Admin> admin(std::chrono::milliseconds timeout) = 0;
    /// Hands over the records of these partitions, from the given offsets to the end that each log has now:
    /// one partition after the other, each in the order of its offsets. What was written before the call is
    /// among them: a transaction that is still open is waited for. `take` gives false when it has
    /// enough. Blocks; throws Unavailable where nothing comes for longer than `patience`, and what `take` throws.
    virtual void scan(const std::vector<Position>& from, std::chrono::milliseconds patience,
                      const std::function<bool(ConsumedRecord&&)>& take) = 0;
    /// A writer under this name. Blocks until all that older ones of the name had begun to write is stored, or
    /// never will be; from then on they can't write any more, in whatever process they are. Throws
    /// Unavailable where that takes longer than `timeout`, which is also that of each of its writes.
    virtual std::unique_ptr<FencedWriter> fenced_writer(const std::string& name, std::chrono::milliseconds timeout) = 0;
    virtual std::unique_ptr<TransactionalProducer> transactional_producer(const TransactionOptions& options) = 0;
    /// Whether the stream answers, now; "" or why not. Blocks no longer than `timeout`.
    virtual std::string ping(std::chrono::milliseconds timeout) = 0;
};

/// Kafka through librdkafka. `bootstrap` is "host:port,host:port"; `properties` are librdkafka's own
/// (--kafka-config FILE) and win over Nearline's defaults. Throws std::invalid_argument with librdkafka's
/// words for a property it does not know. `client_id` names this service to the broker.
std::unique_ptr<Stream> open_kafka(const std::string& bootstrap, const std::map<std::string, std::string>& properties,
                                   const std::string& client_id, Metrics& metrics);

/// Reads a properties file as Kafka's own tools do: key=value lines, # and ! comments. Throws
/// std::invalid_argument with the numbers of all lines that are wrong.
std::map<std::string, std::string> read_properties(const std::string& path);

/// Everything that is wrong with such a file, a text with its line for each thing: lines that can't be read, and
/// properties that open_kafka() would refuse. Nothing: it is fine.
std::vector<std::string> check_properties(const std::string& path);

struct EmbeddedOptions {
    /// Retention runs so often, and removes at most so many records at a time.
    std::chrono::milliseconds retention_interval{10'000};
    int retention_step = 1'000;
    /// The newest records that are kept in memory for consumers, in bytes, all topics together.
    std::size_t memory = 8UL << 20;
    /// Key, value and headers of one record, in bytes, together (Kafka: message.max.bytes).
    std::size_t max_record_bytes = 1UL << 20;
    /// Size of the write-ahead log, in pages of 4 KiB, after which it is checkpointed; it grows to no more
    /// than about four times that.
    int checkpoint_pages = 2'000;
};

/// Topics in one process: a log in SQLite under `directory` (made if missing), one writer thread with
/// group commit and fsync. For one process and one Stream at a time. Throws std::runtime_error when the
/// directory can't be used: where another one has it, that says who (runtime/data_lock.hpp).
std::unique_ptr<Stream> open_embedded(const std::string& directory, const EmbeddedOptions& options, Metrics& metrics);

/// Java's murmur2 as Kafka's DefaultPartitioner uses it: the partition of a key.
int partition_of_key(std::string_view key, int partitions) noexcept;

}  // namespace nearline::stream
