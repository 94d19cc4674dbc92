#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "domain/time.hpp"
#include "prediction/answer.hpp"
#include "prediction/deliveries.hpp"
#include "prediction/job.hpp"
#include "prediction/model_holder.hpp"
#include "prediction/repeats.hpp"
#include "prediction/resolver.hpp"
#include "prediction/worker.hpp"
#include "prediction/worker_metrics.hpp"
#include "runtime/backoff.hpp"
#include "runtime/log.hpp"
#include "stream/commit_watermark.hpp"

namespace nearline::prediction {

/// What happens to records between being taken and having ended: decoded, predicted in batches, sent,
/// sent again when that failed. Knows nothing of groups. For the worker's thread alone.
class Pipeline {
public:
    Pipeline(const Worker::Options& options, std::string cluster_id, int output_partitions, stream::Stream& stream,
             schema::TopicCodec& input, schema::TopicCodec& output, ModelHolder& models, Metrics& metrics,
             Health& health);
    Pipeline(const Pipeline&) = delete;
    Pipeline& operator=(const Pipeline&) = delete;

    /// Connects to where the answers go. Blocks no longer than `time`.
    void warm_up(std::chrono::milliseconds time) { producer_->warm_up(options_.output_topic, time); }

    /// Records as poll() gave them: sends the answers of all that need no question to the registry.
    void accept(std::vector<stream::ConsumedRecord> records, SteadyTime now);
    /// Does what became due: reports of deliveries, schemas that were found, records to send again.
    void advance(SteadyTime now);
    /// When advance() has something to send again; nothing: only a report or a schema can change a thing.
    std::optional<SteadyTime> next_retry() const noexcept { return retry_at_; }

    /// Offsets that can be committed and were not taken before.
    std::vector<stream::Position> take_commits();
    bool has_commits() const noexcept { return has_commits_; }
    /// Records taken that have not ended.
    std::size_t in_flight() const noexcept { return jobs_.size(); }
    /// When the first of them was taken, of those that count.
    std::optional<SteadyTime> oldest() const;
    /// Whether waiting for reports can bring records of these partitions to their end.
    bool can_end_more(const std::set<stream::TopicPartition>& of) const;
    /// The partitions are another member's: what was taken from them counts no more.
    void abandon(const std::set<stream::TopicPartition>& of);
    void abandon_all();

    /// A poll found nothing.
    void nothing_waits() { metrics_.lag.set(0); }

    /// A request named a partition that the output topic had not when it was last looked at.
    bool doubts_partitions() const noexcept { return doubts_partitions_; }
    void set_output_partitions(int partitions) noexcept;
    /// Its topics were made anew: what is under way is reported as unknown, and sent again.
    void renew_producer();

    Deliveries& deliveries() noexcept { return deliveries_; }

private:
    struct Decoded {
        Job* job;
        schema::TopicCodec::Decoded document;
    };
    void answer(std::vector<Decoded>&& batch);
    std::vector<std::string_view> ask_model(const Model& model, std::vector<Job*>& jobs,
                                            std::vector<Features>& features, std::vector<float>& rows);
    std::optional<std::string> created_at(const Job& job, const Model& model, const std::string& now);
    void reject(Job& job, Rejection reason);
    void send(Outlet& outlet);
    void handle(const Deliveries::Report& report, SteadyTime now);
    void follow(Job::Step step, Outlet& outlet, const stream::Delivery& delivery, SteadyTime now);
    void handle_resolved();
    void send_failed();
    void count_ended();
    void discard(Job& job);
    void count_failing(bool before, bool after);

    const Worker::Options& options_;
    const std::string cluster_id_;
    const std::string dead_letter_topic_;
    schema::TopicCodec& input_;
    schema::TopicCodec& output_;
    ModelHolder& models_;
    Health& health_;
    const std::string witness_;
    stream::Stream& stream_;
    WorkerMetrics metrics_;
    log::Throttle rejection_log_{1.0};
    const FeatureReader reader_;
    Repeats repeats_{10'000};

    int output_partitions_;
    bool doubts_partitions_ = false;
    stream::CommitWatermark watermark_;
    bool has_commits_ = false;
    JobPool jobs_;
    std::vector<Outlet*> failed_;  // to be sent again at retry_at_
    std::optional<SteadyTime> retry_at_;
    std::size_t failing_ = 0;  // outlets that failed and are not stored yet, whether sent again or not
    Backoff backoff_{{.first = std::chrono::milliseconds(100), .most = std::chrono::milliseconds(2'000)}};
    std::size_t predicted_ = 0;  // ended since the metrics were told
    std::size_t rejected_ = 0;
    std::shared_ptr<const Model> columns_model_;  // whose columns_ are
    std::vector<std::size_t> columns_;
    std::vector<Deliveries::Report> reports_;
    Deliveries deliveries_;
    Resolver resolver_;
    // Last, so that it goes first: its end reports what was under way to deliveries_.
    std::unique_ptr<stream::Producer> producer_;
};

}  // namespace nearline::prediction
