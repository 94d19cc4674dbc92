#pragma once

#include <exception>
#include <mutex>
#include <set>

#include "stream/consumer.hpp"
#include "stream/kafka/client.hpp"
#include "stream/stream.hpp"

namespace nearline::stream::kafka {

/// What those who fetch and those who only take part have in common: a client that belongs to a group,
/// and the rebalances that it takes part in from within its polls.
class GroupClient : public Observer {
public:
    GroupClient(const Cluster& cluster, const GroupOptions& options, const Properties& more,
                RebalanceListener listener);
    ~GroupClient() override;
    GroupClient(const GroupClient&) = delete;
    GroupClient& operator=(const GroupClient&) = delete;

protected:
    /// Partitions come to this client: has to assign() them, with the offsets to fetch from, or nothing.
    virtual void take(rd_kafka_topic_partition_list_t& partitions) = 0;
    /// Partitions leave: has to unassign() what was assigned of them, or nothing.
    virtual void give(const rd_kafka_topic_partition_list_t& partitions) = 0;

    /// One message or null, after `timeout` or wake(); rebalances happen in here. Throws what a listener
    /// threw, and Unavailable when the client has failed for good.
    Message poll_message(int timeout);
    void wake();

    /// Calls `revoked` for what it has, leaves the group. Takes a few seconds at most beside what the listener takes.
    void leave();
    /// From here on nobody is told.
    void silence() { listener_ = {}; }

    rd_kafka_t* client() const { return client_.get(); }
    bool left() const { return !client_; }
    const std::set<TopicPartition>& owned() const { return owned_; }
    const std::string& group() const { return options_.group; }
    const GroupOptions& options() const { return options_; }
    /// This member with the generation of the group that it was last told of; nothing while it is none.
    const GroupMetadata& identity() const { return identity_; }

    /// librdkafka's own assignment, in the words of the group's protocol.
    void assign(rd_kafka_topic_partition_list_t& partitions);
    void unassign(const rd_kafka_topic_partition_list_t& partitions);
    bool is_cooperative() const;

    /// poll_message() returns after a rebalance.
    bool returns_on_change_ = false;

private:
    void fatal(const std::string& why) override { fatal_ = why; }
    void rebalance(rd_kafka_resp_err_t what, rd_kafka_topic_partition_list_t* partitions) override;
    void remember_identity();
    void taken(rd_kafka_topic_partition_list_t& partitions);
    void given(rd_kafka_topic_partition_list_t& partitions);
    void tell(const std::function<void(const std::vector<TopicPartition>&)>& whom,
              const std::vector<TopicPartition>& what);
    void subscribe();
    void rethrow();

    const GroupOptions options_;
    RebalanceListener listener_;
    std::set<TopicPartition> owned_;
    GroupMetadata identity_;
    std::exception_ptr thrown_;
    std::string fatal_;
    Clock::time_point leave_until_{};
    Client client_;
    std::mutex wake_mutex_;
    Queue queue_;
};

}  // namespace nearline::stream::kafka
