#pragma once

#include "stream/kafka/group_client.hpp"

namespace nearline::stream::kafka {

/// Takes part in a group, and never tells librdkafka to fetch what it is given: the group's protocol
/// keeps its own account of who owns what, apart from what a client fetches. So there are no fetchers to
/// pause at every rebalance, and none that could race with it.
class KafkaGroupMember : public GroupMember, private GroupClient {
public:
    KafkaGroupMember(const Cluster& cluster, const GroupOptions& options, RebalanceListener listener);
    ~KafkaGroupMember() override;

    void poll(std::chrono::milliseconds timeout) override;
    std::set<TopicPartition> assignment() const override { return owned(); }
    void wake() override { GroupClient::wake(); }
    void close() override { leave(); }

private:
    void take(rd_kafka_topic_partition_list_t& partitions) override;
    void give(const rd_kafka_topic_partition_list_t& partitions) override;
};

}  // namespace nearline::stream::kafka
