#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>

#include "runtime/log.hpp"
#include "stream/consumer.hpp"
#include "stream/kafka/client.hpp"

namespace nearline::stream::kafka {

/// Reads through librdkafka's partition-wise interface, which knows no groups: partitions start and stop
/// on their own, from any thread, and the others do not notice.
class KafkaReader : public Reader, private Observer {
public:
    enum class Ends { unseen, told };
    /// `told`: end_seen() works, at the price of a message for each time that it has read all there is.
    explicit KafkaReader(const Cluster& cluster, Ends ends = Ends::unseen);
    ~KafkaReader() override;

    void assign(const std::vector<Position>& from) override;
    void unassign(const std::vector<TopicPartition>& partitions) override;
    std::vector<ConsumedRecord> poll(std::size_t most, std::chrono::milliseconds timeout) override;
    /// The offset behind all that could be read of a partition when poll() came to its end: behind offsets that
    /// no record has (transactions' marks), too. Nothing: it has not come there.
    std::optional<std::int64_t> end_seen(const TopicPartition& at) const;
    void wake() override { rd_kafka_queue_yield(queue_.get()); }
    void on_ready(std::function<void()> ready) override;

private:
    void fatal(const std::string& why) override;
    rd_kafka_topic_t* topic(const std::string& name);
    std::size_t take(rd_kafka_message_t& message, std::vector<ConsumedRecord>& batch);

    std::function<void()> ready_;
    Client client_;
    Queue queue_;
    std::mutex change_mutex_;  // one change at a time; poll() does not wait for it
    std::map<std::string, Topic> topics_;
    mutable std::mutex mutex_;
    std::map<TopicPartition, std::int64_t> ends_;
    std::set<TopicPartition> read_;
    std::string fatal_;
    log::Throttle throttle_{10};
};

}  // namespace nearline::stream::kafka
