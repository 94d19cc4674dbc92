#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "runtime/metrics.hpp"
#include "stream/kafka/handles.hpp"
#include "stream/record.hpp"

namespace nearline::stream::kafka {

using Properties = std::map<std::string, std::string>;
using Clock = std::chrono::steady_clock;

/// What a client tells its owner from within a poll. Must outlive the client.
class Observer {
public:
    virtual ~Observer() = default;
    /// The client can't go on; a new one has to be made.
    virtual void fatal(const std::string& /*why*/) {}
    /// Of clients that write transactions: what became of a record, from within a commit or an abort.
    virtual void delivered(const rd_kafka_message_t& /*message*/) {}
    virtual void rebalance(rd_kafka_resp_err_t /*what*/, rd_kafka_topic_partition_list_t* /*partitions*/) {}
};

/// How to reach the cluster, and what all clients made for it share.
struct Cluster {
    std::string bootstrap;
    Properties properties;  ///< of the user; they win over our defaults
    std::string client_id;
    Metrics* metrics = nullptr;
};

/// A client of the cluster with `defaults` for its role on top of those that all have. Throws
/// std::invalid_argument in librdkafka's words where the properties don't fit.
Client make_client(const Cluster& cluster, rd_kafka_type_t type, const Properties& defaults, Observer& observer);

/// Throws std::invalid_argument for a property that librdkafka does not know, or that would break a
/// promise of record.hpp.
void check_properties(const Properties& properties);
/// What is wrong with one of them, or "".
std::string wrong_with_property(const std::string& key, const std::string& value);

/// Milliseconds until `deadline`, for librdkafka's time-outs: never negative, which would be "for ever".
int remaining_ms(Clock::time_point deadline) noexcept;
int to_ms(std::chrono::milliseconds time) noexcept;

/// "UNKNOWN_TOPIC_OR_PART: Broker: Unknown topic or partition"
std::string words(rd_kafka_resp_err_t error);

Partitions to_list(const std::vector<TopicPartition>& partitions);
std::vector<TopicPartition> from_list(const rd_kafka_topic_partition_list_t& list);

}  // namespace nearline::stream::kafka
