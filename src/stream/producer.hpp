#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "stream/record.hpp"

namespace nearline::stream {

/// What became of a record.
struct Delivery {
    enum class Outcome {
        stored,    ///< on disk; `offset` is its place
        rejected,  ///< certainly not stored, and never will be: it may be sent again
        unknown,   ///< may have been stored, or may yet be: a repeat can make a second copy
    };
    Outcome outcome = Outcome::stored;
    TopicPartition at{};
    std::int64_t offset = -1;  ///< -1 where only its repeat was acknowledged
    std::string reason{};      ///< why not; empty when stored
    bool too_large = false;    ///< rejected because the topic takes no record of this size: a repeat won't help
};

/// Called once for each produce(), from a thread of the producer; must be quick, must not throw, may
/// call produce(). Calls for what was stored in one partition come in the order of produce(); those for
/// what was not may come earlier or later.
using OnDelivery = std::function<void(const Delivery&)>;

/// Writes records. Thread-safe. Idempotent: what it tries again by itself is stored once.
class Producer {
public:
    /// Waits for nothing; what was not delivered by then is reported as unknown or rejected first.
    virtual ~Producer() = default;

    /// Takes the record; never blocks. `partition`: where to, else by key. A full queue, a missing topic
    /// or a partition out of range come through `on_delivery` as rejected, like all else.
    virtual void produce(const std::string& topic, std::optional<int> partition, Record record,
                         OnDelivery on_delivery) = 0;

    /// Waits until all that was taken before has been reported, no longer than `time`; whether it has.
    virtual bool flush(std::chrono::milliseconds time) = 0;

    /// Records taken and not reported yet.
    virtual std::size_t in_flight() const = 0;

    /// Whether somebody waits for reports: then they come at once, without ProducerOptions::report_interval.
    virtual void report_promptly(bool /*promptly*/) {}

    /// Makes the connections that producing to this topic needs, so that its first record does not wait for
    /// them (Kafka: up to a second). Blocks no longer than `time`; whether all is there.
    virtual bool warm_up(const std::string& /*topic*/, std::chrono::milliseconds /*time*/) { return true; }
};

}  // namespace nearline::stream
