#pragma once

#include <atomic>
#include <optional>

#include "runtime/log.hpp"
#include "stream/kafka/group_client.hpp"

namespace nearline::stream::kafka {

class KafkaGroupConsumer : public GroupConsumer, private GroupClient {
public:
    KafkaGroupConsumer(const Cluster& cluster, const GroupOptions& options, RebalanceListener listener);
    ~KafkaGroupConsumer() override;

    std::vector<ConsumedRecord> poll(std::size_t most, std::chrono::milliseconds timeout) override;
    void commit(const std::vector<Position>& next) override;
    void commit_async(const std::vector<Position>& next) override;
    GroupOffsets offsets(const std::vector<Position>& next) const override;
    void pause(const std::vector<TopicPartition>& partitions) override;
    void resume(const std::vector<TopicPartition>& partitions) override;
    std::set<TopicPartition> assignment() const override { return owned(); }
    void wake() override { GroupClient::wake(); }
    void close() override;
    std::uint64_t lost_to_retention() const override { return lost_; }

private:
    bool closing() const { return !answers_; }
    struct Place {
        std::optional<std::int64_t> next;  // expected; nothing where the group has not read yet
        std::int64_t from = 0;             // what lies before was handed out
        std::int32_t leader_epoch = -1;    // of the last record
        bool paused = false;
    };

    void take(rd_kafka_topic_partition_list_t& partitions) override;
    void give(const rd_kafka_topic_partition_list_t& partitions) override;
    void find_start(rd_kafka_topic_partition_list_t& partitions);
    /// To the batch; the bytes that it has there.
    std::size_t add(rd_kafka_message_t& message);
    void count_lost(const TopicPartition& at, std::int64_t expected, std::int64_t offset);
    void send(const std::vector<Position>& next);
    void take_answers();
    void commit_failed(rd_kafka_resp_err_t error);
    std::chrono::milliseconds pause_before_sending_again() const;
    void send_again();
    Partitions offsets_to_commit(const std::vector<Position>& next) const;
    void set_paused(const std::vector<TopicPartition>& partitions, bool paused);

    std::map<TopicPartition, Place> places_;
    Queue answers_;                                       // to commit_async(); none from close() on
    std::map<TopicPartition, std::int64_t> unconfirmed_;  // of commit_async()
    int unanswered_ = 0;                                  // requests of commit_async()
    bool was_refused_ = false;                            // something has to be sent again
    Clock::time_point send_again_at_{};                   // not before
    std::vector<ConsumedRecord> batch_;                   // of the poll that is under way
    std::atomic<std::uint64_t> lost_ = 0;
    const Counter lost_metric_;
    log::Throttle throttle_{10};
};

}  // namespace nearline::stream::kafka
