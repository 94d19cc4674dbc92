#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "domain/rejection.hpp"
#include "runtime/health.hpp"
#include "runtime/metrics.hpp"
#include "stream/consumer_loop.hpp"
#include "stream/stream.hpp"

namespace nearline::stream {

/// Where a Sink brings records: a database, an outbox. Called on the sink's thread alone.
class SinkTarget {
public:
    virtual ~SinkTarget() = default;

    /// Makes what it needs (tables, indexes, schemas). Called before the first write() and, where it threw
    /// Unavailable, again after a while. Throws anything else where waiting can't help: the sink ends.
    virtual void prepare() = 0;
    /// By their names in Health, those that it can't do without.
    virtual std::set<std::string> dependencies() const = 0;

    struct Refused {
        std::size_t index;  ///< of the record in the batch
        Rejection reason;   ///< why it can never be stored
    };
    /// Stores the batch, durably: when it returns, offsets behind it may be committed. Gives what goes to the
    /// dead letters instead; the rest is stored. Throws Unavailable when it can't be done now (having told
    /// Health which dependency is to blame): it is called again with the same records, or with fewer, so it
    /// must make no difference how often a record is written.
    /// `cluster_id` names the stream, for ids of records that brought none (request_context.hpp).
    virtual std::vector<Refused> write(std::span<const ConsumedRecord> records, const std::string& cluster_id) = 0;
};

/// Brings the records of a topic to a target, as a member of a consumer group: in batches of what has been
/// fetched, each record once at least. An offset is committed when everything before it is stored, or is an
/// acknowledged dead letter. While the target, or the dead letters' topic, is away, the batch is kept and
/// tried again with backoff, its partitions are paused, and the group keeps its member.
///
/// Has one thread. start(), drain() and stop() are for one thread.
class Sink {
public:
    struct Options : ConsumerLoop::Options {
        Options() {
            topic = "output-topic";
            fetch_min_bytes = 64UL << 10;  // nobody waits
        }
        /// Records of one write(); fewer where they have most_polled_bytes together.
        std::size_t max_batch = 1'000;
        /// A batch that is not full waits so long for what follows closely; 0: for nothing.
        std::chrono::milliseconds linger{20};
        std::chrono::milliseconds commit_every{100};
        ProducerOptions producer{};  ///< of the dead letters
    };

    /// All but `options` must outlive it.
    Sink(Stream& stream, SinkTarget& target, Options options, Metrics& metrics, Health& health);
    ~Sink();
    Sink(const Sink&) = delete;
    Sink& operator=(const Sink&) = delete;

    /// Returns at once: topics and target are waited for on its thread.
    void start();
    /// Takes nothing more; until the deadline, tries to store what it has taken, commits and leaves the group.
    /// Blocks.
    void drain(std::chrono::steady_clock::time_point deadline);
    /// drain(now).
    void stop() noexcept;

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace nearline::stream
