#include "prediction/worker.hpp"

#include <algorithm>
#include <utility>

#include "domain/problem.hpp"
#include "prediction/connect_codecs.hpp"
#include "prediction/worker_impl.hpp"
#include "runtime/until_available.hpp"

namespace nearline::prediction {
namespace {

using namespace std::chrono_literals;

constexpr auto longest_warm_up = 2'000ms;
constexpr auto longest_poll = 1'000ms;
/// With too much in flight it waits so long for deliveries before it pauses what it reads: a full pipe
/// under load empties at once, and pausing costs what was fetched ahead.
constexpr auto wait_before_pause = 50ms;
constexpr auto tell_watchdog_every = 200ms;
constexpr auto look_at_partitions_every = 30s;

SteadyTime now() {
    return std::chrono::steady_clock::now();
}

Worker::Options with_dependencies(Worker::Options options) {
    options.more_dependencies = {options.registry_dependency};
    return options;
}

}  // namespace

Worker::Impl::Impl(stream::Stream& stream, schema::TopicCodec& input, schema::TopicCodec& output, ModelHolder& models,
                   Options options, Metrics& metrics, Health& health)
    : stream_(stream),
      input_(input),
      output_(output),
      models_(models),
      options_(with_dependencies(std::move(options))),
      metrics_(metrics),
      health_(health),
      loop_(stream, *this, options_, {options_.output_topic}, health) {}

bool Worker::Impl::prepare(const std::map<std::string, stream::TopicInfo>& topics, const std::string& cluster_id) {
    std::string refused;
    if (!until_available(health_, options_.registry_dependency, loop_.stop(),
                         [&] { refused = connect_codecs(input_, output_, options_); }))
        return false;
    if (!refused.empty()) throw std::runtime_error(refused);
    pipeline_ = std::make_unique<Pipeline>(options_, cluster_id, topics.at(options_.output_topic).partitions, stream_,
                                           input_, output_, models_, metrics_, health_);
    pipeline_->warm_up(longest_warm_up);
    return true;
}

void Worker::Impl::settle() {
    pipeline_->settle();
    pipeline_->deliveries().wake_always(false);
}

void Worker::Impl::use(stream::GroupConsumer* consumer) {
    if (!pipeline_) return;
    pipeline_->use(consumer);
    pipeline_->deliveries().wake(consumer);
}

void Worker::Impl::assigned() {
    // A commit amid a rebalance may have been refused.
    commit_again_ = true;
}

void Worker::Impl::step() {
    pipeline_->advance(now());
    tell_watchdog();
    commit_if_due();
    keep_in_bounds();
    if (pipeline_->doubts_partitions() && now() >= next_look_) look_at_partitions();
    auto records = loop_.poll(options_.max_batch, wait_time());
    if (records.empty()) {
        pipeline_->nothing_waits();
    } else {
        const auto time = now();
        // Said before: the model itself may be what hangs.
        if (pipeline_->in_flight() == 0) loop_.watchdog().holds(time);
        pipeline_->accept(std::move(records), time);
    }
}

/// Not every time: it looks at all that is in flight.
void Worker::Impl::tell_watchdog() {
    const auto time = now();
    if (time < next_telling_ && pipeline_->in_flight() > 0) return;
    loop_.watchdog().holds(pipeline_->oldest());
    next_telling_ = time + tell_watchdog_every;
}

std::chrono::milliseconds Worker::Impl::wait_time() const {
    const auto start = now();
    auto until = start + longest_poll;
    // A report of a stored record does not wake it: it is soon enough when it can be committed.
    if (pipeline_->in_flight() > 0 || pipeline_->has_commits()) until = std::min(until, std::max(next_commit_, start));
    if (const auto retry = pipeline_->next_retry()) until = std::min(until, *retry);
    return std::max(0ms, std::chrono::ceil<std::chrono::milliseconds>(until - start));
}

/// Memory is bounded: with too much in flight it reads nothing more, but stays a member of its group.
void Worker::Impl::keep_in_bounds() {
    // What waits for the registry must leave room for what does not.
    loop_.hold_retries(pipeline_->waiting() > options_.max_in_flight / (loop_.are_retries_held() ? 4 : 2));
    if (loop_.is_paused()) {
        if (pipeline_->in_flight() <= options_.max_in_flight / 2) {
            pipeline_->deliveries().wake_always(false);
            loop_.resume();
        } else {
            // What came meanwhile has not been paused yet.
            loop_.pause();
        }
        return;
    }
    if (pipeline_->in_flight() < options_.max_in_flight) return;
    const auto until = now() + wait_before_pause;
    while (pipeline_->in_flight() >= options_.max_in_flight && now() < until && !loop_.stop().requested()) {
        pipeline_->deliveries().wait_until(until);
        pipeline_->advance(now());
    }
    if (pipeline_->in_flight() < options_.max_in_flight) return;
    pipeline_->deliveries().wake_always(true);
    loop_.pause();
}

/// The output topic may have more partitions than when it was looked at last.
void Worker::Impl::look_at_partitions() {
    next_look_ = now() + look_at_partitions_every;
    try {
        if (const auto topic = loop_.admin().topic(options_.output_topic))
            pipeline_->set_output_partitions(topic->partitions);
    } catch (const Unavailable&) {
        // It goes on with what it knows; the next doubt makes it look again.
    }
}

void Worker::Impl::commit_if_due() {
    const auto time = now();
    if (time < next_commit_) return;
    auto positions = take_commits();
    if (std::exchange(commit_again_, false)) positions = loop_.progress();
    if (!positions.empty()) loop_.commit_async(positions);
    next_commit_ = time + options_.commit_every;
}

std::vector<stream::Position> Worker::Impl::take_commits() {
    auto positions = pipeline_->take_commits();
    loop_.reached(positions);
    return positions;
}

Worker::Worker(stream::Stream& stream, schema::TopicCodec& input, schema::TopicCodec& output, ModelHolder& models,
               Options options, Metrics& metrics, Health& health)
    : impl_(std::make_unique<Impl>(stream, input, output, models, std::move(options), metrics, health)) {}
Worker::~Worker() = default;

void Worker::start() {
    impl_->start();
}

void Worker::drain(std::chrono::steady_clock::time_point deadline) {
    impl_->drain(deadline);
}

void Worker::stop() noexcept {
    impl_->drain(std::chrono::steady_clock::now());
}

}  // namespace nearline::prediction
