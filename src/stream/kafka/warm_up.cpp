#include "stream/kafka/warm_up.hpp"

#include <set>
#include <thread>

namespace nearline::stream::kafka {
namespace {

constexpr std::chrono::milliseconds between_looks{20};

/// Asking each leader for anything makes the connection to it.
bool connect_to_leaders(rd_kafka_t* client, rd_kafka_topic_t* topic, Clock::time_point deadline) {
    const rd_kafka_metadata_t* answer = nullptr;
    if (rd_kafka_metadata(client, 0, topic, &answer, remaining_ms(deadline)) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return false;
    const Metadata metadata(answer);
    if (metadata->topic_cnt != 1 || metadata->topics[0].err != RD_KAFKA_RESP_ERR_NO_ERROR) return false;
    std::set<int> leaders;
    for (int i = 0; i < metadata->topics[0].partition_cnt; ++i) {
        const auto& partition = metadata->topics[0].partitions[i];
        if (!leaders.insert(partition.leader).second) continue;
        std::int64_t low = 0, high = 0;
        if (partition.leader < 0 ||
            rd_kafka_query_watermark_offsets(client, rd_kafka_topic_name(topic), partition.id, &low, &high,
                                             remaining_ms(deadline)) != RD_KAFKA_RESP_ERR_NO_ERROR) {
            return false;
        }
    }
    return !leaders.empty();
}

}  // namespace

bool warm_up(rd_kafka_t* client, rd_kafka_topic_t* topic, Clock::time_point deadline) {
    // A topic that has just been made may have no leaders yet.
    while (!connect_to_leaders(client, topic, deadline)) {
        if (Clock::now() >= deadline) return false;
        std::this_thread::sleep_for(between_looks);
    }
    return true;
}

}  // namespace nearline::stream::kafka
