#include <algorithm>
#include <chrono>
#include <deque>
#include <map>
#include <utility>

#include "domain/problem.hpp"
#include "prediction/dispatch.hpp"
#include "runtime/backoff.hpp"
#include "runtime/log.hpp"
#include "stream/transactional_producer.hpp"

namespace nearline::prediction {
namespace {

using stream::TransactionReport;
using Outcome = TransactionReport::Outcome;

/// Of one transaction: no more than the stream takes at once.
constexpr std::size_t most_bytes = 32UL << 20;
/// The group is shared out anew, and the next poll() tells of it.
constexpr std::chrono::milliseconds outdated_pause{20};
/// What is outdated for so long is not the group's being shared out: the member has to join anew.
constexpr std::chrono::seconds longest_outdated{10};

SteadyTime now() {
    return std::chrono::steady_clock::now();
}

Counter transactions(Metrics& metrics, const char* outcome) {
    return metrics.counter(
        "nearline_prediction_transactions_total",
        "Transactions of answers, dead letters and offsets, by how they ended: committed, aborted "
        "(tried again), outdated (the group was shared out anew: tried again), too_large (tried again "
        "in smaller form), unknown (the group's offsets tell)",
        {{"outcome", outcome}});
}

bool is_ready(const Job& job) noexcept {
    return job.is_awaited();
}

/// What goes together: of each partition the first records that are ready, and where it goes on behind them.
struct Batch {
    std::vector<Job*> jobs;
    std::vector<Outlet*> outlets;
    std::vector<stream::Addressed> records;  ///< of the outlets
    std::vector<stream::Position> next;
    std::size_t bytes = 0;
};

/// An answer is stored only together with the offset behind its request. So what is ready waits for all that its
/// partition brought before it, where another way would let it overtake.
class TransactionalDispatch final : public Dispatch {
public:
    explicit TransactionalDispatch(const Context& context)
        : context_(context),
          witness_(context.options.role + " transactions"),
          committed_(transactions(context.metrics.metrics, "committed")),
          aborted_(transactions(context.metrics.metrics, "aborted")),
          outdated_(transactions(context.metrics.metrics, "outdated")),
          too_large_(transactions(context.metrics.metrics, "too_large")),
          unknown_(transactions(context.metrics.metrics, "unknown")),
          seconds_(context.metrics.metrics.histogram("nearline_prediction_transaction_seconds",
                                                     "Time of one transaction, whatever became of it")),
          producer_(make_producer()) {}

    void warm_up(std::chrono::milliseconds time) override { producer_->warm_up(context_.options.output_topic, time); }
    void settle() override { producer_->settle(); }
    void use(const stream::GroupConsumer* consumer) override { consumer_ = consumer; }

    void taken(Job& job) override;
    void send(Job& job) override {
        // Its partition went, or it came again, while it was not ready.
        if (job.abandoned) context_.owner.over(job);
    }
    void flush() override;
    void advance(SteadyTime) override { flush(); }
    std::optional<SteadyTime> next_retry() const noexcept override { return retry_at_; }
    bool needs_poll() const noexcept override { return outdated_since_.has_value(); }

    bool can_end_more(const std::set<stream::TopicPartition>& of) const override {
        return std::any_of(queues_.begin(), queues_.end(), [&](const auto& queue) {
            return of.contains(queue.first) && !queue.second.empty() && is_ready(*queue.second.front());
        });
    }
    bool is_under_way(const Job&) const noexcept override { return false; }
    void forget(const std::set<stream::TopicPartition>& of) override {
        for (const auto& at : of) queues_.erase(at);
        // What failed is another one's now.
        const auto is_empty = [](const auto& queue) { return queue.second.empty(); };
        if (std::all_of(queues_.begin(), queues_.end(), is_empty)) be_well();
    }
    void forget_all() override {
        queues_.clear();
        be_well();
        retry_at_.reset();
        outdated_since_.reset();
        most_jobs_ = 0;
    }

    void renew() override { producer_ = make_producer(); }

private:
    std::unique_ptr<stream::TransactionalProducer> make_producer() const {
        return context_.stream.transactional_producer(
            {.group = context_.options.group, .delivery_timeout = context_.options.producer.delivery_timeout});
    }
    Batch next_batch() const;
    bool add(Batch& batch, Job& job) const;
    bool transact(Batch& batch);
    void finish(const Batch& batch);
    bool shrink(const Batch& batch, const TransactionReport& report);
    bool try_smaller(Outlet& outlet, const std::string& reason);
    void fail(const Batch& batch, const std::string& reason);
    void wait_for_poll(const Batch& batch, const std::string& reason);
    void be_well();

    const Context context_;
    const std::string witness_;
    const Counter committed_, aborted_, outdated_, too_large_, unknown_;
    const Histogram seconds_;
    const stream::GroupConsumer* consumer_ = nullptr;
    std::map<stream::TopicPartition, std::deque<Job*>> queues_;  // in the order of delivery
    std::optional<SteadyTime> retry_at_;
    std::optional<SteadyTime> outdated_since_;
    bool is_failing_ = false;
    std::size_t most_jobs_ = 0;  // of one transaction, for the next `restricted_` jobs; 0: as many as there are
    std::size_t restricted_ = 0;
    Backoff backoff_{{.first = std::chrono::milliseconds(100), .most = std::chrono::milliseconds(2'000)}};
    std::unique_ptr<stream::TransactionalProducer> producer_;
};

void TransactionalDispatch::taken(Job& job) {
    auto& queue = queues_[job.read_at.at];
    // What comes again from an earlier offset is done from there.
    while (!queue.empty() && queue.back()->read_at.offset >= job.read_at.offset) {
        auto& repeated = *queue.back();
        queue.pop_back();
        repeated.abandoned = true;
        if (is_ready(repeated)) context_.owner.over(repeated);
    }
    queue.push_back(&job);
}

void TransactionalDispatch::flush() {
    if (consumer_ == nullptr || (retry_at_ && *retry_at_ > now())) return;
    retry_at_.reset();
    for (;;) {
        auto batch = next_batch();
        if (batch.jobs.empty() || !transact(batch)) return;
    }
}

Batch TransactionalDispatch::next_batch() const {
    Batch batch;
    for (const auto& [at, queue] : queues_) {
        const Job* last = nullptr;
        for (auto* job : queue) {
            if (!is_ready(*job) || !add(batch, *job)) break;
            last = job;
        }
        if (last != nullptr) batch.next.push_back({at, last->read_at.offset + 1});
    }
    return batch;
}

/// False where there is no room for it.
bool TransactionalDispatch::add(Batch& batch, Job& job) const {
    const auto most = most_jobs_ > 0 ? most_jobs_ : context_.options.max_batch;
    if (batch.jobs.size() >= most || batch.bytes >= most_bytes) return false;
    batch.jobs.push_back(&job);
    for (auto* outlet : job.outlets()) {
        if (outlet->state != Outlet::State::sent) continue;
        batch.outlets.push_back(outlet);
        batch.records.push_back(context_.destinations.record_for(*outlet));
        batch.bytes += stream::size_in_bytes(batch.records.back().record);
    }
    return true;
}

/// Whether more can be tried now.
bool TransactionalDispatch::transact(Batch& batch) {
    const auto offsets = consumer_->offsets(batch.next);
    const auto start = now();
    const auto report = producer_->transact(batch.records, offsets);
    seconds_.observe(std::chrono::duration<double>(now() - start).count());
    switch (report.outcome) {
        case Outcome::committed:
            committed_.add();
            finish(batch);
            return true;
        case Outcome::too_large:
            too_large_.add();
            return shrink(batch, report);
        case Outcome::aborted:
            aborted_.add();
            fail(batch, report.reason);
            return false;
        case Outcome::outdated:
            outdated_.add();
            wait_for_poll(batch, report.reason);
            return false;
        case Outcome::unknown:
            break;
    }
    unknown_.add();
    throw Unavailable("nobody knows whether a transaction was stored: " + report.reason);
}

void TransactionalDispatch::finish(const Batch& batch) {
    be_well();
    outdated_since_.reset();
    restricted_ -= std::min(restricted_, batch.jobs.size());
    if (restricted_ == 0) most_jobs_ = 0;
    for (auto* job : batch.jobs) {
        queues_[job->read_at.at].pop_front();
        context_.owner.ended(*job);
    }
}

/// A topic's limit holds for what goes to a partition in one piece, so that the stream may call records too large that
/// are not: they are tried in ever smaller transactions, until it is certain which.
bool TransactionalDispatch::shrink(const Batch& batch, const TransactionReport& report) {
    if (report.oversized.size() > 1 && batch.jobs.size() > 1) {
        most_jobs_ = batch.jobs.size() / 2;
        restricted_ = batch.jobs.size();
        return true;
    }
    bool is_smaller = !report.oversized.empty();
    for (const auto i : report.oversized) is_smaller = try_smaller(*batch.outlets[i], report.reason) && is_smaller;
    if (!is_smaller) fail(batch, report.reason);
    return is_smaller;
}

bool TransactionalDispatch::try_smaller(Outlet& outlet, const std::string& reason) {
    stream::Delivery delivery;
    delivery.outcome = stream::Delivery::Outcome::rejected;
    delivery.too_large = true;
    const auto step = outlet.job.on_delivery(outlet, delivery);
    if (step == Job::Step::too_large) {
        context_.owner.too_large(outlet, reason);
        return true;
    }
    outlet.state = Outlet::State::sent;
    return step == Job::Step::smaller;
}

void TransactionalDispatch::fail(const Batch& batch, const std::string& reason) {
    is_failing_ = true;
    retry_at_ = now() + backoff_.next();
    context_.metrics.repeated.add(static_cast<double>(batch.records.size()));
    context_.health.down(context_.options.stream_dependency, reason, witness_);
    // The partition that one was for may not exist any more.
    const bool named = std::any_of(batch.jobs.begin(), batch.jobs.end(),
                                   [](const Job* job) { return job->incoming.context.reply_partition.has_value(); });
    if (named) context_.destinations.doubt_partitions();
}

void TransactionalDispatch::be_well() {
    backoff_.reset();
    if (std::exchange(is_failing_, false)) context_.health.up(context_.options.stream_dependency, witness_);
}

void TransactionalDispatch::wait_for_poll(const Batch& batch, const std::string& reason) {
    const auto time = now();
    if (!outdated_since_) outdated_since_ = time;
    if (time - *outdated_since_ > longest_outdated) throw Unavailable("the group does not take its offsets: " + reason);
    retry_at_ = time + outdated_pause;
    context_.metrics.repeated.add(static_cast<double>(batch.records.size()));
}

}  // namespace

std::unique_ptr<Dispatch> make_transactional_dispatch(const Dispatch::Context& context) {
    return std::make_unique<TransactionalDispatch>(context);
}

}  // namespace nearline::prediction
