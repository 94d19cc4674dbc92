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

    enum class Progress {
        ended,   ///< all has
        partly,  ///< go on
        failed,  ///< try again after a while
    };
    /// Writes what is not written yet, or a piece of it: what failed is tried again in smaller pieces, since it may be
    /// too much for a slow target's time-out, and time-outs that are only repeated never end.
    Progress try_to_store();
    /// All has ended: counts it, and gives the offsets behind it.
    std::vector<Position> end();

    /// Their records are another member's now.
    void forget(const std::set<TopicPartition>& partitions);
    /// All of them will be read again.
    void clear();

    /// Tells the metrics which is the oldest.
    void show_lag() const;

private:
    void write_next();
    std::vector<SinkTarget::Refused> write_or_shrink(std::size_t count);
    bool deliver_letters();

    SinkTarget& target_;
    DeadLetterWriter& writer_;
    const std::string cluster_id_;
    const Sink::Options& options_;
    const std::string witness_;  // in Health
    SinkMetrics& metrics_;
    Health& health_;
    std::vector<ConsumedRecord> records_;
    std::size_t written_ = 0;   // of records_, from its front
    std::size_t most_at_once_;  // of one write
    int in_time_ = 0;           // so many writes of so many
    std::vector<DeadLetterWriter::Letter> letters_;
    bool were_letters_refused_ = false;
    log::Throttle log_{5.0};
    log::Throttle letter_log_{1.0};
};

}  // namespace nearline::stream
