#pragma once

#include <string>

#include "runtime/metrics.hpp"
#include "stream/consumer.hpp"

namespace nearline::stream {

/// The listener that tells `listener` and counts partitions that were lost, as
/// nearline_stream_partitions_lost_total{group}.
RebalanceListener counting_losses(RebalanceListener listener, Metrics& metrics, const std::string& group);

}  // namespace nearline::stream
