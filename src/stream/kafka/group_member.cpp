#include "stream/kafka/group_member.hpp"

#include "runtime/log.hpp"

namespace nearline::stream::kafka {

KafkaGroupMember::KafkaGroupMember(const Cluster& cluster, const GroupOptions& options, RebalanceListener listener)
    : GroupClient(cluster, options, {}, std::move(listener)) {
    returns_on_change_ = true;
}

KafkaGroupMember::~KafkaGroupMember() {
    silence();
    leave();
}

void KafkaGroupMember::poll(std::chrono::milliseconds timeout) {
    const auto message = poll_message(to_ms(timeout));
    if (!message) return;
    // Only errors come here, such as that of a topic that is not there yet.
    log::warning("kafka group member", {{"group", group()}, {"error", rd_kafka_message_errstr(message.get())}});
}

void KafkaGroupMember::take(rd_kafka_topic_partition_list_t& /*partitions*/) {
    assign(*to_list({}));
}

void KafkaGroupMember::give(const rd_kafka_topic_partition_list_t& /*partitions*/) {
    unassign(*to_list({}));
}

}  // namespace nearline::stream::kafka
