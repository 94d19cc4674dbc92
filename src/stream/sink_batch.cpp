#include "stream/sink_batch.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <utility>

#include "domain/problem.hpp"
#include "stream/request_context.hpp"

namespace nearline::stream {
namespace {

constexpr std::size_t no_limit = std::numeric_limits<std::size_t>::max();
/// Smaller pieces would take longer than they help.
constexpr std::size_t least_at_once = 10;
/// So many writes in time before more is tried at once: a try that takes too long costs the time-out.
constexpr int enough_in_time = 8;

}  // namespace

SinkBatch::SinkBatch(SinkTarget& target, DeadLetterWriter& letters, std::string cluster_id,
                     const Sink::Options& options, SinkMetrics& metrics, Health& health)
    : target_(target),
      writer_(letters),
      cluster_id_(std::move(cluster_id)),
      options_(options),
      witness_(options.role + " letters"),
      metrics_(metrics),
      health_(health),
      most_at_once_(no_limit) {}

void SinkBatch::add(std::vector<ConsumedRecord> records) {
    std::move(records.begin(), records.end(), std::back_inserter(records_));
}

bool SinkBatch::is_full() const noexcept {
    std::size_t bytes = 0;
    for (const auto& record : records_) bytes += size_in_bytes(record);
    return records_.size() >= options_.max_batch || bytes >= most_polled_bytes;
}

SinkBatch::Progress SinkBatch::try_to_store() {
    if (written_ < records_.size()) {
        try {
            write_next();
        } catch (const Unavailable& error) {
            if (long held = 0; log_.pass(held)) {
                log::warning(
                    "records wait to be stored",
                    {{"role", options_.role}, {"records", records_.size() - written_}, {"reason", error.what()}});
            }
            return Progress::failed;
        }
        if (written_ < records_.size()) return Progress::partly;
    }
    return letters_.empty() || deliver_letters() ? Progress::ended : Progress::failed;
}

void SinkBatch::write_next() {
    const auto count = std::min(most_at_once_, records_.size() - written_);
    const auto start = std::chrono::steady_clock::now();
    const auto refused = write_or_shrink(count);
    metrics_.write_seconds.observe(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    metrics_.batch_size.observe(static_cast<double>(count));
    for (const auto& [index, reason] : refused) letters_.push_back({records_.at(written_ + index), shortened(reason)});
    written_ += count;
    if (most_at_once_ == no_limit || ++in_time_ < enough_in_time) return;
    in_time_ = 0;
    most_at_once_ = most_at_once_ < options_.max_batch ? 2 * most_at_once_ : no_limit;
}

std::vector<SinkTarget::Refused> SinkBatch::write_or_shrink(std::size_t count) {
    try {
        return target_.write(std::span(records_).subspan(written_, count), cluster_id_);
    } catch (const Unavailable&) {
        most_at_once_ = std::max(least_at_once, count / 2);
        in_time_ = 0;
        throw;
    }
}

bool SinkBatch::deliver_letters() {
    const auto why = writer_.write(letters_);
    if (why.empty()) {
        if (std::exchange(were_letters_refused_, false)) health_.up(options_.stream_dependency, witness_);
        return true;
    }
    were_letters_refused_ = true;
    health_.down(options_.stream_dependency, "dead letters can't be written: " + why, witness_);
    return false;
}

std::vector<Position> SinkBatch::end() {
    metrics_.stored.add(static_cast<double>(records_.size() - letters_.size()));
    for (const auto& letter : letters_) {
        metrics_.dead_letter(letter.reason.class_name);
        long held = 0;
        if (!letter_log_.pass(held)) continue;
        const auto id = read_request_headers(letter.record, cluster_id_).context.id;
        log::warning("record went to the dead letters", {{"role", options_.role},
                                                         {"topic", letter.record.at.topic},
                                                         {"partition", letter.record.at.partition},
                                                         {"offset", letter.record.offset},
                                                         {"request_id", id.to_string()},
                                                         {"class", letter.reason.class_name},
                                                         {"reason", letter.reason.message},
                                                         {"others", held}});
    }
    std::map<TopicPartition, std::int64_t> next;
    for (const auto& record : records_) next[record.at] = record.offset + 1;
    clear();
    std::vector<Position> positions;
    positions.reserve(next.size());
    for (const auto& [at, offset] : next) positions.push_back({at, offset});
    return positions;
}

void SinkBatch::forget(const std::set<TopicPartition>& partitions) {
    const auto goes = [&](const auto& record) { return partitions.contains(record.at); };
    const auto end_of_written = records_.begin() + static_cast<std::ptrdiff_t>(written_);
    written_ -= static_cast<std::size_t>(std::count_if(records_.begin(), end_of_written, goes));
    std::erase_if(records_, goes);
    std::erase_if(letters_, [&](const auto& letter) { return partitions.contains(letter.record.at); });
    if (records_.empty()) clear();
}

void SinkBatch::clear() {
    records_.clear();
    letters_.clear();
    written_ = 0;
    // Nobody waits for them any more: whether they can be written will be seen with the next ones.
    if (std::exchange(were_letters_refused_, false)) health_.up(options_.stream_dependency, witness_);
}

void SinkBatch::show_lag() const {
    metrics_.lag.holds(records_.empty() ? std::nullopt : std::optional(records_.front().timestamp));
}

}  // namespace nearline::stream
