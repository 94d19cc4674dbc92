#pragma once

#include <string>

#include "runtime/metrics.hpp"
#include "stream/sink_lag.hpp"

namespace nearline::stream {

/// A sink's instruments, labelled by its role.
struct SinkMetrics {
    SinkMetrics(Metrics& owner, std::string role);

    /// A dead letter of this class.
    void dead_letter(const std::string& class_name);

    Metrics& metrics;
    const std::string role;
    Counter stored;
    Counter retries;
    Histogram batch_size;
    Histogram write_seconds;
    SinkLag lag;
};

}  // namespace nearline::stream
