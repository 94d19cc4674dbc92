#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "stream/admin.hpp"
#include "stream/kafka/client.hpp"

namespace nearline::stream::kafka {

/// The clients for questions to the cluster, shared by every Admin of a stream: one for all but groups' offsets, and
/// one of the group whose offsets were asked for last. Neither subscribes to anything. Thread-safe.
class AdminClient : private Observer {
public:
    explicit AdminClient(const Cluster& cluster)
        : cluster_(cluster),
          client_(make_client(cluster, RD_KAFKA_CONSUMER, {{"enable.sparse.connections", "false"}}, *this)) {}
    /// Serves what the client has to say meanwhile; nobody waits for it.
    rd_kafka_t* get() {
        rd_kafka_poll(client_.get(), 0);
        return client_.get();
    }
    std::shared_ptr<rd_kafka_t> of_group(const std::string& group);
    /// Why something failed, with where the brokers should be if it is that none has answered.
    std::string why(rd_kafka_resp_err_t error, const char* text = nullptr) const;

private:
    const Cluster cluster_;
    Client client_;
    std::mutex mutex_;
    std::string group_;
    std::shared_ptr<rd_kafka_t> group_client_;
};

class KafkaAdmin : public Admin {
public:
    /// `client` must outlive it.
    KafkaAdmin(AdminClient& client, std::chrono::milliseconds timeout) : client_(client), timeout_(timeout) {}

    std::string cluster_id() override;
    std::vector<TopicInfo> topics() override;
    std::optional<TopicInfo> topic(const std::string& name) override;
    bool create_topic(const std::string& name, const TopicOptions& options) override;
    std::chrono::milliseconds retention(const std::string& topic) override;
    bool keeps_copies() const noexcept override { return true; }
    Watermarks watermarks(const TopicPartition& at) override;
    std::int64_t offset_at(const TopicPartition& at, std::int64_t timestamp) override;
    void delete_records(const TopicPartition& at, std::int64_t before) override;
    std::vector<GroupInfo> groups() override;
    std::map<TopicPartition, std::int64_t> committed(const std::string& group) override;
    std::map<TopicPartition, std::int64_t> committed(const std::string& group, const std::string& topic) override;

private:
    using Ask = std::function<void(const rd_kafka_AdminOptions_t*, rd_kafka_queue_t*)>;
    /// The answer to one question to the cluster; throws Unavailable where there is none, or `what` failed.
    Event ask(rd_kafka_admin_op_t operation, const std::string& what, Clock::time_point deadline, const Ask& ask);
    std::optional<TopicInfo> describe(const std::string& name, Clock::time_point deadline, bool need_leaders);
    std::map<TopicPartition, std::int64_t> committed_of(const std::string& group, const std::vector<TopicInfo>& topics,
                                                        Clock::time_point deadline);
    Watermarks query_watermarks(const TopicPartition& at, Clock::time_point deadline);
    Clock::time_point deadline() const { return Clock::now() + timeout_; }

    AdminClient& client_;
    const std::chrono::milliseconds timeout_;
};

/// "" if the cluster answers within the time, or why not.
std::string ping(AdminClient& client, std::chrono::milliseconds timeout);

}  // namespace nearline::stream::kafka
