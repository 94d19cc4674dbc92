#pragma once

#include <string>

#include "prediction/job.hpp"
#include "stream/record.hpp"

namespace nearline::prediction {

/// Where answers, dead letters and records that wait go. No I/O.
class Destinations {
public:
    Destinations(std::string output_topic, std::string dead_letter_topic, std::string retry_topic,
                 int output_partitions)
        : output_topic_(std::move(output_topic)),
          dead_letter_topic_(std::move(dead_letter_topic)),
          retry_topic_(std::move(retry_topic)),
          output_partitions_(output_partitions) {}

    /// The record to send for an outlet, in its present form, and where to.
    stream::Addressed record_for(const Outlet& outlet) const;

    int output_partitions() const noexcept { return output_partitions_; }
    /// As it is now; ends the doubts.
    void set_output_partitions(int partitions) noexcept;
    /// A request named a partition that the output topic has not, or that could not be written.
    void doubt_partitions() noexcept { doubts_partitions_ = true; }
    bool doubts_partitions() const noexcept { return doubts_partitions_; }

private:
    const std::string output_topic_;
    const std::string dead_letter_topic_;
    const std::string retry_topic_;
    int output_partitions_;
    bool doubts_partitions_ = false;
};

}  // namespace nearline::prediction
