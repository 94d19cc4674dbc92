#include <algorithm>
#include <chrono>

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
    loop_.pause();
    static_cast<void>(loop_.poll(1, std::chrono::milliseconds(20)));
}

/// Brings what was taken from these partitions to its end, as far as there is time; then commits and
/// lets go.
void Worker::Impl::hand_over(const Partitions& partitions) {
    auto deadline = now() + options_.handover_time;
    if (loop_.stop().requested()) deadline = std::min(deadline, loop_.drain_deadline());
    wait_for_end(partitions, deadline, Polls::never);
    commit_all();
    log::info("partitions go", {{"role", options_.role},
                                {"partitions", stream::to_text({partitions.begin(), partitions.end()})},
                                {"in_flight", pipeline_->in_flight()}});
    forget(partitions);
}

void Worker::Impl::commit_all() {
    take_commits();
    static_cast<void>(loop_.commit("records after them are predicted again"));
}

void Worker::Impl::forget(const Partitions& partitions) {
    pipeline_->abandon(partitions);
    loop_.forget_progress(partitions);
}

void Worker::Impl::finish() {
    // While it is still a member: the group gives a leaving one little time.
    wait_for_end(loop_.assignment(), loop_.drain_deadline(), Polls::where_needed);
    commit_all();
}

}  // namespace nearline::prediction
