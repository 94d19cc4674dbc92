#pragma once

#include <set>
#include <string>
#include <vector>

#include "runtime/health.hpp"
#include "runtime/log.hpp"
#include "stream/dead_letter_writer.hpp"
#include "stream/sink.hpp"
#include "stream/sink_metrics.hpp"

namespace nearline::stream {

/// The records that a Sink has taken and not yet brought to their end: in the target, or as acknowledged dead
/// letters. Knows nothing of groups. For the sink's thread alone.
class SinkBatch {
public:
    /// All but `cluster_id` must outlive it.
    SinkBatch(SinkTarget& target, DeadLetterWriter& letters, std::string cluster_id, const Sink::Options& options,
              SinkMetrics& metrics, Health& health);

    bool empty() const noexcept { return records_.empty(); }
    std::size_t size() const noexcept { return records_.size(); }
    bool is_full() const noexcept;
    /// Before the first try_to_store().
    void add(std::vector<ConsumedRecord> records);

    /// Whether all has ended now; otherwise try again: what is written already is not written again.
    bool try_to_store();
    /// All has ended: counts it, and gives the offsets behind it.
    std::vector<Position> end();

    /// Their records are another member's now.
    void forget(const std::set<TopicPartition>& partitions);
    /// All of them will be read again.
    void clear();

    /// Tells the metrics which is the oldest.
    void show_lag() const;

private:
    void write();
    bool deliver_letters();

    SinkTarget& target_;
    DeadLetterWriter& writer_;
    const std::string cluster_id_;
    const Sink::Options& options_;
    const std::string witness_;  // in Health
    SinkMetrics& metrics_;
    Health& health_;
    std::vector<ConsumedRecord> records_;
    bool is_written_ = false;  // only letters are missing
    std::vector<DeadLetterWriter::Letter> letters_;
    bool were_letters_refused_ = false;
    log::Throttle log_{5.0};
    log::Throttle letter_log_{1.0};
};

}  // namespace nearline::stream
