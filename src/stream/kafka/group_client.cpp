#include "stream/kafka/group_client.hpp"

#include <algorithm>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <thread>

#include "domain/problem.hpp"
#include "runtime/log.hpp"

namespace nearline::stream::kafka {
namespace {

/// To leave the group in order, counted anew after each rebalance, as listeners take their own time; after that the
/// session time-out tells the others.
constexpr std::chrono::seconds leave_time{3};

Properties properties_for(const GroupOptions& options, const Properties& more) {
    // A rebalance is noticed at the next heartbeat.
    const auto heartbeat = std::clamp<std::int64_t>(options.session_timeout.count() / 6, 100, 3'000);
    Properties properties{
        {"group.id", options.group},
        {"partition.assignment.strategy", "cooperative-sticky"},
        {"session.timeout.ms", std::to_string(options.session_timeout.count())},
        {"heartbeat.interval.ms", std::to_string(heartbeat)},
        {"max.poll.interval.ms", std::to_string(std::max(options.max_poll_interval, options.session_timeout).count())},
        {"enable.auto.commit", "false"},
        {"enable.auto.offset.store", "false"},
    };
    properties.insert(more.begin(), more.end());
    return properties;
}

/// librdkafka ends a client when the coordinator has answered what is under way, however long that takes (a
/// request to join is answered when all members have joined), and one that is in the middle of a rebalance never.
/// So it is left to a thread of its own, and goes with the process at the latest; nothing of ours is called any
/// more without a poll.
void let_go(Client client, const std::string& group) {
    log::warning("the group's coordinator did not let go in time; its session time-out tells the others",
                 {{"group", group}});
    try {
        std::thread([left = client.get()] { destroy_client(left); }).detach();
        static_cast<void>(client.release());
    } catch (const std::system_error&) {
        // No thread to be had: then it takes its time.
    }
}

}  // namespace

GroupClient::GroupClient(const Cluster& cluster, const GroupOptions& options, const Properties& more,
                         RebalanceListener listener)
    : options_(options),
      listener_(std::move(listener)),
      client_(make_client(cluster, RD_KAFKA_CONSUMER, properties_for(options, more), *this)) {
    rd_kafka_poll_set_consumer(client_.get());
    queue_.reset(rd_kafka_queue_get_consumer(client_.get()));
    subscribe();
}

GroupClient::~GroupClient() = default;

void GroupClient::subscribe() {
    std::vector<TopicPartition> topics;
    for (const auto& topic : options_.topics) topics.push_back({topic, RD_KAFKA_PARTITION_UA});
    const auto error = rd_kafka_subscribe(client_.get(), to_list(topics).get());
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) throw std::invalid_argument("can't subscribe: " + words(error));
}

bool GroupClient::is_cooperative() const {
    const char* protocol = rd_kafka_rebalance_protocol(client_.get());
    return protocol != nullptr && std::string_view(protocol) == "COOPERATIVE";
}

void GroupClient::assign(rd_kafka_topic_partition_list_t& partitions) {
    if (!is_cooperative()) {
        rd_kafka_assign(client_.get(), &partitions);
        return;
    }
    const Error error(rd_kafka_incremental_assign(client_.get(), &partitions));
    if (error) throw Unavailable(std::string("can't take partitions: ") + rd_kafka_error_string(error.get()));
}

void GroupClient::unassign(const rd_kafka_topic_partition_list_t& partitions) {
    if (!is_cooperative()) {
        rd_kafka_assign(client_.get(), nullptr);
        return;
    }
    const Error error(rd_kafka_incremental_unassign(client_.get(), &partitions));
    if (error) throw Unavailable(std::string("can't give partitions back: ") + rd_kafka_error_string(error.get()));
}

void GroupClient::tell(const std::function<void(const std::vector<TopicPartition>&)>& whom,
                       const std::vector<TopicPartition>& what) {
    if (!whom || what.empty()) return;
    try {
        whom(what);
    } catch (...) {
        if (!thrown_) thrown_ = std::current_exception();
    }
}

/// Now, while the group waits for this member, and never later: librdkafka's own thread joins the next generation
/// before poll() tells of it, and would speak for partitions that are another member's by then. One without an id,
/// which it is after the group has taken it for dead, is nobody: brokers let it store whatever it likes.
void GroupClient::remember_identity() {
    identity_.reset(rd_kafka_consumer_group_metadata(client_.get()), [](auto* metadata) {
        if (metadata != nullptr) rd_kafka_consumer_group_metadata_destroy(metadata);
    });
    const char* id = identity_ ? rd_kafka_consumer_group_metadata_member_id(identity_.get()) : nullptr;
    if (id == nullptr || *id == '\0') identity_.reset();
}

void GroupClient::taken(rd_kafka_topic_partition_list_t& partitions) {
    remember_identity();
    const auto changed = from_list(partitions);
    owned_.insert(changed.begin(), changed.end());
    take(partitions);
    tell(listener_.assigned, changed);
}

void GroupClient::given(rd_kafka_topic_partition_list_t& partitions) {
    const auto changed = from_list(partitions);
    const bool is_lost = rd_kafka_assignment_lost(client_.get()) != 0;
    if (is_lost) {
        identity_.reset();
    } else {
        remember_identity();
    }
    tell(is_lost ? listener_.lost : listener_.revoked, changed);
    for (const auto& at : changed) owned_.erase(at);
    give(partitions);
}

/// librdkafka waits for assign() or unassign(), so it must come to that whatever the listener does; and
/// no exception may pass through its C.
void GroupClient::rebalance(rd_kafka_resp_err_t what, rd_kafka_topic_partition_list_t* partitions) {
    try {
        if (what == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
            taken(*partitions);
        } else {
            if (what != RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS) {
                log::warning("kafka rebalance failed", {{"group", group()}, {"why", words(what)}});
            }
            given(*partitions);
        }
    } catch (...) {
        if (!thrown_) thrown_ = std::current_exception();
    }
    leave_until_ = Clock::now() + leave_time;
    if (returns_on_change_) rd_kafka_yield(client_.get());
}

void GroupClient::rethrow() {
    if (thrown_) std::rethrow_exception(std::exchange(thrown_, nullptr));
    if (!fatal_.empty()) throw Unavailable("kafka group " + group() + ": " + fatal_);
}

void GroupClient::wake() {
    const std::lock_guard lock(wake_mutex_);
    if (queue_) rd_kafka_queue_yield(queue_.get());
}

Message GroupClient::poll_message(int timeout) {
    if (!client_) return nullptr;
    Message message(rd_kafka_consumer_poll(client_.get(), timeout));
    rethrow();
    return message;
}

void GroupClient::leave() {
    if (!client_) return;
    leave_until_ = Clock::now() + leave_time;
    Queue closing(rd_kafka_queue_new(client_.get()));
    const Error error(rd_kafka_consumer_close_queue(client_.get(), closing.get()));
    while (!error && rd_kafka_consumer_closed(client_.get()) == 0 && Clock::now() < leave_until_) {
        const Message ignored(rd_kafka_consume_queue(closing.get(), 50));
    }
    const bool is_closed = error || rd_kafka_consumer_closed(client_.get()) != 0;
    if (!owned_.empty()) {  // failed for good, or too slow: they are not ours for much longer
        tell(listener_.lost, {owned_.begin(), owned_.end()});
        owned_.clear();
    }
    closing.reset();
    {
        const std::lock_guard lock(wake_mutex_);
        queue_.reset();
    }
    if (is_closed) {
        client_.reset();
    } else {
        let_go(std::move(client_), group());
    }
    if (thrown_) std::rethrow_exception(std::exchange(thrown_, nullptr));
}

}  // namespace nearline::stream::kafka
