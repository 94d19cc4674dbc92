#include <algorithm>
#include <utility>

#include "prediction/dispatch.hpp"
#include "runtime/backoff.hpp"
#include "stream/commit_watermark.hpp"

namespace nearline::prediction {
namespace {

class SingleDispatch final : public Dispatch {
public:
    explicit SingleDispatch(const Context& context)
        : context_(context),
          witness_(context.options.role + " deliveries"),
          producer_(context.stream.producer(context.options.producer)) {}

    void warm_up(std::chrono::milliseconds time) override { producer_->warm_up(context_.options.output_topic, time); }

    void taken(Job& job) override { watermark_.delivered(job.read_at.at, job.read_at.offset); }

    void send(Job& job) override {
        for (auto* outlet : job.outlets()) {
            if (outlet->state == Outlet::State::sent) produce(*outlet);
        }
    }
    void flush() override {}

    void advance(SteadyTime now) override {
        context_.deliveries.take(reports_);
        for (const auto& report : reports_) handle(report, now);
        if (retry_at_ && *retry_at_ <= now) send_failed();
    }
    std::optional<SteadyTime> next_retry() const noexcept override { return retry_at_; }

    std::vector<stream::Position> take_commits() override {
        has_commits_ = false;
        return watermark_.take();
    }
    bool has_commits() const noexcept override { return has_commits_; }

    bool can_end_more(const std::set<stream::TopicPartition>& of) const override {
        const auto& all = context_.jobs.all();
        return std::any_of(all.begin(), all.end(), [&](const auto& job) {
            return !job->abandoned && !job->resolving && of.contains(job->read_at.at);
        });
    }
    bool is_under_way(const Job& job) const noexcept override { return job.is_awaited(); }

    void forget(const std::set<stream::TopicPartition>& of) override {
        std::erase_if(failed_, [](const Outlet* outlet) { return outlet->job.abandoned; });
        if (failed_.empty()) retry_at_.reset();
        for (const auto& at : of) watermark_.forget(at);
    }
    void forget_all() override {
        // Also of partitions with nothing in flight: their records may come again from an earlier offset.
        watermark_ = {};
        has_commits_ = false;
    }
    void let_go(const Job& job) override {
        count_failing(job.answer.has_failed, false);
        count_failing(job.dead_letter.has_failed, false);
        count_failing(job.deferral.has_failed, false);
    }

    void renew() override { producer_ = context_.stream.producer(context_.options.producer); }

private:
    void produce(Outlet& outlet);
    void handle(const Deliveries::Report& report, SteadyTime now);
    void follow(Job::Step step, Outlet& outlet, const stream::Delivery& delivery, SteadyTime now);
    void send_failed();
    void count_failing(bool before, bool after);

    const Context context_;
    const std::string witness_;
    stream::CommitWatermark watermark_;
    bool has_commits_ = false;
    std::vector<Outlet*> failed_;  // to be sent again at retry_at_
    std::optional<SteadyTime> retry_at_;
    std::size_t failing_ = 0;  // outlets that failed and are not stored yet, whether sent again or not
    Backoff backoff_{{.first = std::chrono::milliseconds(100), .most = std::chrono::milliseconds(2'000)}};
    std::vector<Deliveries::Report> reports_;
    // Last, so that it goes first: its end reports what was under way.
    std::unique_ptr<stream::Producer> producer_;
};

void SingleDispatch::produce(Outlet& outlet) {
    outlet.state = Outlet::State::sent;
    auto [topic, partition, record] = context_.destinations.record_for(outlet);
    // Two pointers fit into the function without an allocation.
    producer_->produce(topic, partition, std::move(record),
                       [deliveries = &context_.deliveries, sent = &outlet](const stream::Delivery& delivery) {
                           deliveries->add(sent, delivery);
                       });
}

void SingleDispatch::handle(const Deliveries::Report& report, SteadyTime now) {
    auto& outlet = *report.outlet;
    auto& job = outlet.job;
    const bool had_failed = outlet.has_failed;
    const auto step = job.on_delivery(outlet, report.delivery);
    count_failing(had_failed, outlet.has_failed);
    if (job.abandoned) {
        if (!job.is_awaited()) context_.owner.over(job);
        return;
    }
    follow(step, outlet, report.delivery, now);
}

void SingleDispatch::follow(Job::Step step, Outlet& outlet, const stream::Delivery& delivery, SteadyTime now) {
    auto& job = outlet.job;
    switch (step) {
        case Job::Step::none:
            return;
        case Job::Step::ended:
            watermark_.ended(job.read_at.at, job.read_at.offset);
            has_commits_ = true;
            context_.owner.ended(job);
            return;
        case Job::Step::smaller:
            produce(outlet);
            return;
        case Job::Step::too_large:
            context_.owner.too_large(outlet, delivery.reason);
            return;
        case Job::Step::again:
            failed_.push_back(&outlet);
            if (!retry_at_) retry_at_ = now + backoff_.next();
            // The partition that it was for may not exist any more.
            if (job.incoming.context.reply_partition) context_.destinations.doubt_partitions();
            context_.health.down(context_.options.stream_dependency, delivery.reason, witness_);
            return;
    }
}

void SingleDispatch::count_failing(bool before, bool after) {
    if (before == after) return;
    if (after) {
        ++failing_;
        return;
    }
    if (--failing_ > 0) return;
    backoff_.reset();
    context_.health.up(context_.options.stream_dependency, witness_);
}

void SingleDispatch::send_failed() {
    retry_at_.reset();
    context_.metrics.repeated.add(static_cast<double>(failed_.size()));
    for (auto* outlet : std::exchange(failed_, {})) produce(*outlet);
}

}  // namespace

std::unique_ptr<Dispatch> make_single_dispatch(const Dispatch::Context& context) {
    return std::make_unique<SingleDispatch>(context);
}

}  // namespace nearline::prediction
