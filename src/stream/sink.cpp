#include "stream/sink.hpp"

#include <algorithm>
#include <iterator>
#include <optional>
#include <set>
#include <thread>
#include <utility>

#include "domain/problem.hpp"
#include "domain/time.hpp"
#include "runtime/backoff.hpp"
#include "runtime/log.hpp"
#include "stream/dead_letter.hpp"
#include "stream/sink_batch.hpp"
#include "stream/sink_metrics.hpp"

namespace nearline::stream {
namespace {

using namespace std::chrono_literals;
using Partitions = std::set<TopicPartition>;

constexpr auto longest_poll = 1'000ms;

SteadyTime now() {
    return std::chrono::steady_clock::now();
}

Sink::Options with_dependencies(Sink::Options options, const SinkTarget& target) {
    options.more_dependencies = target.dependencies();
    return options;
}

}  // namespace

class Sink::Impl final : private ConsumerTask {
public:
    Impl(Stream& stream, SinkTarget& target, Options options, Metrics& metrics, Health& health)
        : stream_(stream),
          target_(target),
          options_(with_dependencies(std::move(options), target)),
          metrics_(metrics, options_.role),
          health_(health),
          loop_(stream, *this, options_, {}, health, [this] { metrics_.lag.show(); }) {}

    void start() { loop_.start(); }
    void drain(SteadyTime deadline) { loop_.drain(deadline); }

private:
    bool prepare(const std::map<std::string, TopicInfo>& topics, const std::string& cluster_id) override;
    void step() override;
    void hand_over(const Partitions& partitions) override;
    void forget(const Partitions& partitions) override;
    void renew() override { letters_->renew(); }
    void finish() override;
    void abandon() override;
    void ended() override;

    std::chrono::milliseconds wait_time() const;
    void gather();
    void add_what_is_there();
    void store_batch();
    void rest(std::chrono::milliseconds time);
    void commit_if_due();
    void commit_all();

    Stream& stream_;
    SinkTarget& target_;
    const Options options_;
    SinkMetrics metrics_;
    Health& health_;

    // For the loop's thread alone.
    std::optional<DeadLetterWriter> letters_;
    std::optional<SinkBatch> batch_;
    std::vector<ConsumedRecord> next_records_;  // came while the batch was waiting
    bool has_commits_ = false;
    SteadyTime next_commit_{};

    ConsumerLoop loop_;  // last: its thread uses all the rest
};

/// The target tells Health itself which of its dependencies is away.
bool Sink::Impl::prepare(const std::map<std::string, TopicInfo>&, const std::string& cluster_id) {
    letters_.emplace(stream_, dead_letter_topic(options_.topic, options_.role), options_.producer);
    batch_.emplace(target_, *letters_, cluster_id, options_, metrics_, health_);
    Backoff backoff;
    while (!loop_.stop().requested()) {
        try {
            target_.prepare();
            return true;
        } catch (const Unavailable&) {
            metrics_.retries.add();
        }
        loop_.stop().wait_for(backoff.next());
    }
    return false;
}

void Sink::Impl::step() {
    commit_if_due();
    batch_->add(next_records_.empty() ? loop_.poll(options_.max_batch, wait_time()) : std::exchange(next_records_, {}));
    batch_->show_lag();
    if (batch_->empty()) return;
    loop_.watchdog().holds(now());
    gather();
    store_batch();
    if (batch_->empty()) loop_.watchdog().holds(std::nullopt);
}

std::chrono::milliseconds Sink::Impl::wait_time() const {
    if (!has_commits_) return longest_poll;
    return std::clamp(std::chrono::ceil<std::chrono::milliseconds>(next_commit_ - now()), 0ms, longest_poll);
}

/// A write and its fsync cost about the same for one record and for many, and nobody waits for them: what is there
/// already, or follows closely, comes along.
void Sink::Impl::gather() {
    if (options_.linger <= 0ms) return;
    add_what_is_there();
    if (batch_->is_full()) return;
    loop_.stop().wait_for(options_.linger);
    add_what_is_there();
}

void Sink::Impl::add_what_is_there() {
    while (!batch_->is_full()) {
        auto more = loop_.poll(options_.max_batch - batch_->size(), 0ms);
        if (more.empty()) return;
        batch_->add(std::move(more));
    }
}

void Sink::Impl::store_batch() {
    Backoff backoff;
    // Partitions can go to another member while it waits, and take their records along.
    while (!batch_->empty()) {
        batch_->show_lag();
        const auto progress = batch_->try_to_store();
        if (progress == SinkBatch::Progress::ended) {
            loop_.reached(batch_->end());
            has_commits_ = true;
            break;
        }
        const bool has_failed = progress == SinkBatch::Progress::failed;
        if (has_failed) metrics_.retries.add();
        if (loop_.is_out_of_time()) break;
        if (has_failed) {
            rest(backoff.next());
        } else {
            backoff.reset();
        }
    }
    loop_.resume();
}

/// Stays a member of the group without taking more.
void Sink::Impl::rest(std::chrono::milliseconds time) {
    const auto until = now() + time;
    while (!batch_->empty() && now() < until && !loop_.is_out_of_time()) {
        // What came meanwhile has not been paused yet.
        loop_.pause();
        auto more = loop_.poll(options_.max_batch, std::chrono::ceil<std::chrono::milliseconds>(until - now()));
        std::move(more.begin(), more.end(), std::back_inserter(next_records_));
        batch_->show_lag();
        // Woken to stop: no more rest than the backoff, but no busy loop either.
        if (loop_.stop().requested()) std::this_thread::sleep_until(std::min(until, now() + 20ms));
    }
}

void Sink::Impl::commit_if_due() {
    if (!has_commits_ || now() < next_commit_) return;
    // All of it, not only what is new: nobody said whether an earlier one arrived.
    loop_.commit_async(loop_.progress());
    has_commits_ = false;
    next_commit_ = now() + options_.commit_every;
}

void Sink::Impl::commit_all() {
    if (loop_.commit("records after them are stored again, which changes nothing")) has_commits_ = false;
}

void Sink::Impl::hand_over(const Partitions& partitions) {
    commit_all();
    log::info("partitions go",
              {{"role", options_.role}, {"partitions", to_text({partitions.begin(), partitions.end()})}});
    forget(partitions);
}

void Sink::Impl::forget(const Partitions& partitions) {
    batch_->forget(partitions);
    std::erase_if(next_records_, [&](const auto& record) { return partitions.contains(record.at); });
    loop_.forget_progress(partitions);
}

void Sink::Impl::finish() {
    // Behind a batch that could not be stored nothing may be: a commit for it would pass over the batch.
    if (batch_->empty()) {
        batch_->add(std::exchange(next_records_, {}));
        store_batch();
    }
    commit_all();
}

void Sink::Impl::abandon() {
    batch_->clear();
    next_records_.clear();
    has_commits_ = false;
}

void Sink::Impl::ended() {
    batch_.reset();
    letters_.reset();
}

Sink::Sink(Stream& stream, SinkTarget& target, Options options, Metrics& metrics, Health& health)
    : impl_(std::make_unique<Impl>(stream, target, std::move(options), metrics, health)) {}
Sink::~Sink() = default;

void Sink::start() {
    impl_->start();
}

void Sink::drain(std::chrono::steady_clock::time_point deadline) {
    impl_->drain(deadline);
}

void Sink::stop() noexcept {
    impl_->drain(std::chrono::steady_clock::now());
}

}  // namespace nearline::stream
