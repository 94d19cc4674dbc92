#include "stream/rebalance_metrics.hpp"

#include <utility>

namespace nearline::stream {

RebalanceListener counting_losses(RebalanceListener listener, Metrics& metrics, const std::string& group) {
    auto counter =
        metrics.counter("nearline_stream_partitions_lost_total",
                        "Partitions that the group took away, thinking their member dead", {{"group", group}});
    listener.lost = [lost = std::move(listener.lost), counter](const std::vector<TopicPartition>& partitions) {
        counter.add(static_cast<double>(partitions.size()));
        if (lost) lost(partitions);
    };
    return listener;
}

}  // namespace nearline::stream
