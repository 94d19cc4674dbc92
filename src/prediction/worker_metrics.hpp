#pragma once

#include <string>

#include "runtime/metrics.hpp"

namespace nearline::prediction {

/// The worker's instruments.
struct WorkerMetrics {
    explicit WorkerMetrics(Metrics& owner);

    /// A dead letter of this class.
    void dead_letter(const std::string& class_name);

    Metrics& metrics;
    Counter predicted;
    Counter rejected;
    Counter deferred;
    Counter abandoned;
    Counter repeated;
    Counter reply_partition_ignored;
    Histogram batch_size;
    Histogram model_seconds;
    Gauge lag;
    Gauge in_flight;
};

}  // namespace nearline::prediction
