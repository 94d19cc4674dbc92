#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "domain/time.hpp"
#include "prediction/deliveries.hpp"
#include "prediction/destinations.hpp"
#include "prediction/job.hpp"
#include "prediction/worker.hpp"
#include "prediction/worker_metrics.hpp"

namespace nearline::prediction {

/// Who made the jobs, and frees them.
class JobOwner {
public:
    virtual ~JobOwner() = default;
    /// All that it needed is stored.
    virtual void ended(Job& job) = 0;
    /// It was abandoned, and nothing of it is under way any more.
    virtual void over(Job& job) = 0;
    /// This can't be stored: its job has to end otherwise.
    virtual void too_large(Outlet& outlet, const std::string& reason) = 0;
};

/// How answers, dead letters and records that wait get stored, and offsets committed behind them. Knows nothing of what
/// they say. For the worker's thread alone; jobs belong to their owner, who is told from within send(), flush() and
/// advance().
class Dispatch {
public:
    /// What all ways have in common; outlives them.
    struct Context {
        const Worker::Options& options;
        stream::Stream& stream;
        const JobPool& jobs;
        JobOwner& owner;
        Destinations& destinations;
        Deliveries& deliveries;
        WorkerMetrics& metrics;
        Health& health;
    };

    Dispatch() = default;
    virtual ~Dispatch() = default;
    Dispatch(const Dispatch&) = delete;
    Dispatch& operator=(const Dispatch&) = delete;

    /// Connects to where the answers go. Blocks no longer than `time`.
    virtual void warm_up(std::chrono::milliseconds time) = 0;
    /// Before a consumer is made: ends what an earlier one has left undecided. Throws Unavailable.
    virtual void settle() {}
    /// Whose records come from now on; nullptr: nobody's.
    virtual void use(const stream::GroupConsumer* /*consumer*/) {}

    /// A record was taken, in the order of its partition.
    virtual void taken(Job& job) = 0;
    /// Its answer, its dead letter and failure, or itself to wait on the retry topic, are there to be stored.
    virtual void send(Job& job) = 0;
    /// Nothing more comes for now. Throws Unavailable where the consumer has to be made anew.
    virtual void flush() = 0;
    /// Does what became due. Throws as flush().
    virtual void advance(SteadyTime now) = 0;
    /// When advance() has something to do again; nothing: only a report can change a thing.
    virtual std::optional<SteadyTime> next_retry() const noexcept = 0;
    /// Whether it can't go on before the consumer's next poll().
    virtual bool needs_poll() const noexcept { return false; }

    /// Offsets that the worker has to commit, and that were not taken before.
    virtual std::vector<stream::Position> take_commits() { return {}; }
    virtual bool has_commits() const noexcept { return false; }

    /// Whether waiting can bring records of these partitions to their end.
    virtual bool can_end_more(const std::set<stream::TopicPartition>& of) const = 0;
    /// Whether a report about it is still to come: until then it may not be freed.
    virtual bool is_under_way(const Job& job) const noexcept = 0;
    /// The partitions' jobs, marked as abandoned, count no more.
    virtual void forget(const std::set<stream::TopicPartition>& of) = 0;
    virtual void forget_all() = 0;
    /// An abandoned job is about to be freed.
    virtual void let_go(const Job& /*job*/) {}

    /// Topics were made anew: what is under way is reported as unknown.
    virtual void renew() = 0;
};

/// Each record goes at once; offsets are committed behind those that have ended: at least once.
std::unique_ptr<Dispatch> make_single_dispatch(const Dispatch::Context& context);
/// What one poll brought goes in one transaction with its offsets: exactly once.
std::unique_ptr<Dispatch> make_transactional_dispatch(const Dispatch::Context& context);

}  // namespace nearline::prediction
