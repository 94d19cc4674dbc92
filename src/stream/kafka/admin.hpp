#pragma once

#include <functional>
#include <mutex>

#include "stream/admin.hpp"
#include "stream/kafka/client.hpp"

namespace nearline::stream::kafka {

/// One client for all questions to the cluster, shared by every Admin of a stream.
class AdminClient : private Observer {
public:
    /// A consumer that never subscribes: librdkafka 2.8 asks for a group's coordinator again by way of the
    /// client's own group when offsets can't be listed (NOT_COORDINATOR, after a broker's restart), and a
    /// client without a group dies of that.
    explicit AdminClient(const Cluster& cluster)
        : client_(make_client(
              cluster, RD_KAFKA_CONSUMER,
              {{"group.id", "nearline-admin"}, {"enable.auto.commit", "false"}, {"enable.sparse.connections", "false"}},
              *this)) {}
    /// Serves what the client has to say meanwhile; nobody waits for it.
    rd_kafka_t* get() {
        rd_kafka_poll(client_.get(), 0);
        return client_.get();
    }

private:
    Client client_;
};

class KafkaAdmin : public Admin {
public:
    /// `client` must outlive it.
    KafkaAdmin(AdminClient& client, std::chrono::milliseconds timeout) : client_(client), timeout_(timeout) {}

    std::string cluster_id() override;
    std::vector<TopicInfo> topics() override;
    std::optional<TopicInfo> topic(const std::string& name) override;
    bool create_topic(const std::string& name, const TopicOptions& options) override;
    Watermarks watermarks(const TopicPartition& at) override;
    std::int64_t offset_at(const TopicPartition& at, std::int64_t timestamp) override;
    std::vector<GroupInfo> groups() override;
    std::map<TopicPartition, std::int64_t> committed(const std::string& group) override;

private:
    using Ask = std::function<void(const rd_kafka_AdminOptions_t*, rd_kafka_queue_t*)>;
    /// The answer to one question to the cluster; throws Unavailable where there is none, or `what` failed.
    Event ask(rd_kafka_admin_op_t operation, const std::string& what, Clock::time_point deadline, const Ask& ask);
    std::optional<TopicInfo> describe(const std::string& name, Clock::time_point deadline, bool need_leaders);
    Watermarks query_watermarks(const TopicPartition& at, Clock::time_point deadline);
    rd_kafka_resp_err_t list_offsets(const std::string& group, Clock::time_point deadline,
                                     std::map<TopicPartition, std::int64_t>& offsets);
    void count_members(std::vector<GroupInfo>& groups, Clock::time_point deadline);
    Clock::time_point deadline() const { return Clock::now() + timeout_; }

    AdminClient& client_;
    const std::chrono::milliseconds timeout_;
};

/// "" if the cluster answers within the time, or why not.
std::string ping(AdminClient& client, std::chrono::milliseconds timeout);

}  // namespace nearline::stream::kafka
