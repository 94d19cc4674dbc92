#include <chrono>

#include "domain/problem.hpp"
#include "prediction/worker_impl.hpp"
#include "runtime/log.hpp"

namespace nearline::prediction {
namespace {

SteadyTime now() {
    return std::chrono::steady_clock::now();
}

}  // namespace

/// Waits until what was taken from these partitions has ended, no longer than until the deadline. From within a poll
/// there can't be another one.
void Worker::Impl::wait_for_end(const Partitions& of, SteadyTime deadline, Polls polls) {
    pipeline_->advance(now());
    while (pipeline_->can_end_more(of) && now() < deadline) {
        if (polls == Polls::where_needed && pipeline_->needs_poll()) poll_for_group();
        pipeline_->deliveries().wait_until(std::min(deadline, pipeline_->next_retry().value_or(deadline)));
        pipeline_->advance(now());
    }
}

/// Hears how the group goes on, and takes nothing more: what comes along is left to who reads these partitions next.
void Worker::Impl::poll_for_group() {
    const auto assigned = consumer_->assignment();
    consumer_->pause({assigned.begin(), assigned.end()});
    static_cast<void>(consumer_->poll(1, std::chrono::milliseconds(20)));
}

/// Brings what was taken from these partitions to its end, as far as there is time; then commits and
/// lets go.
void Worker::Impl::hand_over(const Partitions& partitions) {
    auto deadline = now() + options_.handover_time;
    if (stop_.requested()) deadline = std::min(deadline, drain_deadline());
    wait_for_end(partitions, deadline, Polls::never);
    commit_all();
    log::info("partitions go", {{"role", options_.role},
                                {"partitions", stream::to_text({partitions.begin(), partitions.end()})},
                                {"in_flight", pipeline_->in_flight()}});
    forget(partitions);
}

/// All that can be committed, also what was before without waiting: nobody said whether that arrived.
void Worker::Impl::commit_all() {
    take_commits();
    const auto positions = all_progress();
    if (positions.empty()) return;
    try {
        consumer_->commit(positions);
    } catch (const Unavailable& error) {
        log::warning("offsets were not committed; records after them are predicted again",
                     {{"role", options_.role}, {"partitions", positions.size()}, {"reason", error.what()}});
    }
}

void Worker::Impl::forget(const Partitions& partitions) {
    pipeline_->abandon(partitions);
    for (const auto& at : partitions) progress_.erase(at);
}

void Worker::Impl::finish() {
    // While it is still a member: the group gives a leaving one little time.
    wait_for_end(consumer_->assignment(), drain_deadline(), Polls::where_needed);
    commit_all();
    consumer_->close();
    pipeline_->use(nullptr);
    pipeline_->deliveries().wake(nullptr);
    consumer_.reset();
}

void Worker::Impl::lose_consumer() {
    is_consumer_lost_ = true;
    pipeline_->use(nullptr);
    pipeline_->deliveries().wake(nullptr);
    consumer_.reset();
    pipeline_->abandon_all();
    watchdog_.holds(std::nullopt);
    progress_.clear();
}

}  // namespace nearline::prediction
