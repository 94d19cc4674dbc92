#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "domain/time.hpp"
#include "prediction/answer.hpp"
#include "prediction/deliveries.hpp"
#include "prediction/destinations.hpp"
#include "prediction/dispatch.hpp"
#include "prediction/job.hpp"
#include "prediction/model_holder.hpp"
#include "prediction/repeats.hpp"
#include "prediction/resolver.hpp"
#include "prediction/worker.hpp"
#include "prediction/worker_metrics.hpp"
#include "runtime/log.hpp"

namespace nearline::prediction {

/// What happens to records between being taken and having ended: decoded, predicted in batches, and handed to what
/// stores the answers (dispatch.hpp). Knows nothing of groups. For the worker's thread alone.
class Pipeline : private JobOwner {
public:
    Pipeline(const Worker::Options& options, std::string cluster_id, int output_partitions, stream::Stream& stream,
             schema::TopicCodec& input, schema::TopicCodec& output, ModelHolder& models, Metrics& metrics,
             Health& health);
    Pipeline(const Pipeline&) = delete;
    Pipeline& operator=(const Pipeline&) = delete;

    /// Connects to where the answers go. Blocks no longer than `time`.
    void warm_up(std::chrono::milliseconds time) { dispatch_->warm_up(time); }
    /// Before a consumer is made: ends what was left undecided of an earlier one's records. Throws Unavailable.
    void settle() { dispatch_->settle(); }
    /// Whose records accept() is given; nullptr: nobody's.
    void use(const stream::GroupConsumer* consumer) { dispatch_->use(consumer); }

    /// Records as poll() gave them: sends the answers of all that need no question to the registry. Throws
    /// Unavailable, as does advance(), where the consumer has to be made anew.
    void accept(std::vector<stream::ConsumedRecord> records, SteadyTime now);
    /// Does what became due: reports of deliveries, schemas that were found, records to send again.
    void advance(SteadyTime now);
    /// When advance() has something to send again; nothing: only a report or a schema can change a thing.
    std::optional<SteadyTime> next_retry() const noexcept { return dispatch_->next_retry(); }
    /// Whether only the consumer's next poll() can change a thing.
    bool needs_poll() const noexcept { return dispatch_->needs_poll(); }

    /// Offsets that can be committed and were not taken before.
    std::vector<stream::Position> take_commits() { return dispatch_->take_commits(); }
    bool has_commits() const noexcept { return dispatch_->has_commits(); }
    /// Records taken that have not ended.
    std::size_t in_flight() const noexcept { return jobs_.size(); }
    /// Those of them that wait until the registry can say what they are.
    std::size_t waiting() const { return resolver_.waiting(); }
    /// When the first of them was taken, of those that count.
    std::optional<SteadyTime> oldest() const;
    /// Whether waiting for reports can bring records of these partitions to their end.
    bool can_end_more(const std::set<stream::TopicPartition>& of) const { return dispatch_->can_end_more(of); }
    /// The partitions are another member's: what was taken from them counts no more.
    void abandon(const std::set<stream::TopicPartition>& of);
    void abandon_all();

    /// A poll found nothing.
    void nothing_waits() { metrics_.lag.set(0); }

    /// A request named a partition that the output topic had not when it was last looked at.
    bool doubts_partitions() const noexcept { return destinations_.doubts_partitions(); }
    void set_output_partitions(int partitions) noexcept { destinations_.set_output_partitions(partitions); }
    /// Its topics were made anew: what is under way is reported as unknown, and sent again.
    void renew_producer() { dispatch_->renew(); }

    Deliveries& deliveries() noexcept { return deliveries_; }

private:
    struct Decoded {
        Job* job;
        schema::TopicCodec::Decoded document;
    };
    std::unique_ptr<Dispatch> make_dispatch(stream::Stream& stream, Health& health);
    void ended(Job& job) override;
    void over(Job& job) override { discard(job); }
    void too_large(Outlet& outlet, const std::string& reason) override;
    void answer(std::vector<Decoded>&& batch);
    std::vector<std::string_view> ask_model(const Model& model, std::vector<Job*>& jobs,
                                            std::vector<Features>& features, std::vector<float>& rows);
    std::optional<std::string> created_at(const Job& job, const Model& model, const std::string& now);
    void reject(Job& job, Rejection reason);
    void resolve(Job& job, Resolver::Patience patience);
    void defer(Job& job);
    void handle_resolved();
    void count_ended();
    void discard(Job& job);

    const Worker::Options& options_;
    const std::string cluster_id_;
    schema::TopicCodec& input_;
    schema::TopicCodec& output_;
    ModelHolder& models_;
    WorkerMetrics metrics_;
    log::Throttle rejection_log_{1.0};
    log::Throttle deferral_log_{1.0};
    const FeatureReader reader_;
    Repeats repeats_{10'000};

    Destinations destinations_;
    JobPool jobs_;
    std::size_t predicted_ = 0;  // ended since the metrics were told
    std::size_t rejected_ = 0;
    std::size_t deferred_ = 0;
    std::shared_ptr<const Model> columns_model_;  // whose columns_ are
    std::vector<std::size_t> columns_;
    Deliveries deliveries_;
    Resolver resolver_;
    // Last, so that it goes first: its end reports what was under way to deliveries_.
    std::unique_ptr<Dispatch> dispatch_;
};

}  // namespace nearline::prediction
