#include "prediction/worker.hpp"

#include <algorithm>

#include "domain/problem.hpp"
#include "prediction/connect_codecs.hpp"
#include "prediction/worker_impl.hpp"
#include "runtime/backoff.hpp"
#include "runtime/log.hpp"
#include "runtime/until_available.hpp"
#include "stream/dead_letter.hpp"
#include "stream/ensure_topics.hpp"

namespace nearline::prediction {
namespace {

using namespace std::chrono_literals;

constexpr auto admin_timeout = 2'000ms;
constexpr auto longest_warm_up = 2'000ms;
constexpr auto longest_poll = 1'000ms;
/// Before it is a member of its group, and for no longer than this: a share may never come.
constexpr auto poll_until_ready = 10ms;
constexpr auto longest_until_ready = 5s;
/// With too much in flight it waits so long for deliveries before it pauses what it reads: a full pipe
/// under load empties at once, and pausing costs what was fetched ahead.
constexpr auto wait_before_pause = 50ms;
constexpr auto tell_watchdog_every = 200ms;
constexpr auto look_at_partitions_every = 30s;

SteadyTime now() {
    return std::chrono::steady_clock::now();
}

Partitions to_set(const std::vector<stream::TopicPartition>& partitions) {
    return {partitions.begin(), partitions.end()};
}

}  // namespace

void Worker::Impl::run() {
    try {
        if (set_up()) work();
    } catch (const std::exception& error) {
        log::error("can't go on", {{"role", options_.role}, {"reason", error.what()}});
        options_.on_fatal(error.what());
    }
    if (pipeline_) pipeline_->deliveries().wake(nullptr);
    consumer_.reset();
    const std::scoped_lock lock(mutex_);
    pipeline_.reset();
}

bool Worker::Impl::set_up() {
    std::vector<stream::WantedTopic> topics;
    for (const auto& name : {options_.input_topic, options_.output_topic, options_.retry_topic,
                             stream::dead_letter_topic(options_.input_topic, options_.role)}) {
        if (name.empty()) continue;
        const auto& usual = options_.topic_options;
        topics.push_back({name, name == options_.retry_topic ? stream::for_retries(usual) : usual});
    }
    const auto found =
        stream::ensure_topics(stream_, topics, health_, options_.stream_dependency, stop_, options_.role);
    if (!found) return false;
    watch_.expect(*found);
    watch_.start();
    watchdog_.start();
    std::string refused;
    if (!until_available(health_, options_.registry_dependency, stop_,
                         [&] { refused = connect_codecs(input_, output_, options_); }))
        return false;
    if (!refused.empty()) throw std::runtime_error(refused);
    return make_pipeline(found->at(options_.output_topic).partitions);
}

bool Worker::Impl::make_pipeline(int output_partitions) {
    admin_ = stream_.admin(admin_timeout);
    std::string cluster_id;
    if (!until_available(
            health_, options_.stream_dependency, stop_, [&] { cluster_id = admin_->cluster_id(); }, options_.role))
        return false;
    auto pipeline = std::make_unique<Pipeline>(options_, cluster_id, output_partitions, stream_, input_, output_,
                                               models_, metrics_, health_);
    pipeline->warm_up(longest_warm_up);
    const std::scoped_lock lock(mutex_);
    pipeline_ = std::move(pipeline);
    return true;
}

void Worker::Impl::work() {
    Backoff backoff;
    ready_at_latest_ = now() + longest_until_ready;
    while (!stop_.requested()) {
        try {
            open_consumer();
            while (!stop_.requested()) {
                step();
                if (backoff.failures() > 0 && has_joined_) {
                    backoff.reset();
                    health_.up(options_.stream_dependency, options_.role);
                }
            }
            finish();
        } catch (const Unavailable& error) {
            health_.down(options_.stream_dependency, error.what(), options_.role);
            lose_consumer();
            stop_.wait_for(backoff.next());
        }
    }
}

void Worker::Impl::open_consumer() {
    stream::GroupOptions group;
    group.group = options_.group;
    group.topics = {options_.input_topic};
    if (!options_.retry_topic.empty()) group.topics.push_back(options_.retry_topic);
    pipeline_->settle();
    is_consumer_lost_ = false;
    is_paused_ = false;
    has_joined_ = false;
    pipeline_->deliveries().wake_always(false);
    consumer_ = stream_.consumer(
        group,
        {.assigned =
             [this](const auto& partitions) {
                 log::info("partitions came", {{"role", options_.role}, {"partitions", stream::to_text(partitions)}});
                 has_joined_ = true;
                 has_new_partitions_ = true;
                 // A commit amid a rebalance may have been refused.
                 commit_again_ = true;
             },
         .revoked =
             [this](const auto& partitions) {
                 if (!is_consumer_lost_) hand_over(to_set(partitions));
             },
         .lost =
             [this](const auto& partitions) {
                 log::warning("partitions were lost: the group thought this member dead",
                              {{"role", options_.role}, {"partitions", stream::to_text(partitions)}});
                 forget(to_set(partitions));
             }});
    pipeline_->use(consumer_.get());
    pipeline_->deliveries().wake(consumer_.get());
}

void Worker::Impl::step() {
    if (!watch_.made_anew().empty()) {
        pipeline_->renew_producer();
        throw Unavailable("a topic was deleted and made anew");
    }
    pipeline_->advance(now());
    tell_watchdog();
    commit_if_due();
    keep_in_bounds();
    if (pipeline_->doubts_partitions() && now() >= next_look_) look_at_partitions();
    auto records = consumer_->poll(options_.max_batch, wait_time());
    if (!is_ready_) become_ready();
    if (records.empty()) {
        pipeline_->nothing_waits();
    } else {
        const auto time = now();
        // Said before: the model itself may be what hangs.
        if (pipeline_->in_flight() == 0) watchdog_.holds(time);
        pipeline_->accept(std::move(records), time);
    }
}

/// Not every time: it looks at all that is in flight.
void Worker::Impl::tell_watchdog() {
    const auto time = now();
    if (time < next_telling_ && pipeline_->in_flight() > 0) return;
    watchdog_.holds(pipeline_->oldest());
    next_telling_ = time + tell_watchdog_every;
}

std::chrono::milliseconds Worker::Impl::wait_time() const {
    if (!is_ready_) return poll_until_ready;
    const auto start = now();
    auto until = start + longest_poll;
    // A report of a stored record does not wake it: it is soon enough when it can be committed.
    if (pipeline_->in_flight() > 0 || pipeline_->has_commits()) until = std::min(until, std::max(next_commit_, start));
    if (const auto retry = pipeline_->next_retry()) until = std::min(until, *retry);
    return std::max(0ms, std::chrono::ceil<std::chrono::milliseconds>(until - start));
}

void Worker::Impl::become_ready() {
    if (!has_joined_ && now() < ready_at_latest_) return;
    is_ready_ = true;
    log::info("ready", {{"role", options_.role},
                        {"group", options_.group},
                        {"input", options_.input_topic},
                        {"output", options_.output_topic}});
    options_.on_ready();
}

/// Memory is bounded: with too much in flight it reads nothing more, but stays a member of its group.
void Worker::Impl::keep_in_bounds() {
    if (!is_paused_ && pipeline_->in_flight() >= options_.max_in_flight) {
        const auto until = now() + wait_before_pause;
        while (pipeline_->in_flight() >= options_.max_in_flight && now() < until && !stop_.requested()) {
            pipeline_->deliveries().wait_until(until);
            pipeline_->advance(now());
        }
        if (pipeline_->in_flight() >= options_.max_in_flight) {
            is_paused_ = true;
            has_new_partitions_ = true;
            pipeline_->deliveries().wake_always(true);
        }
    }
    if (is_paused_ && pipeline_->in_flight() <= options_.max_in_flight / 2) {
        is_paused_ = false;
        pipeline_->deliveries().wake_always(false);
        const auto assigned = consumer_->assignment();
        consumer_->resume({assigned.begin(), assigned.end()});
    }
    if (is_paused_ && has_new_partitions_) {
        const auto assigned = consumer_->assignment();
        consumer_->pause({assigned.begin(), assigned.end()});
    }
    has_new_partitions_ = false;
}

/// The output topic may have more partitions than when it was looked at last.
void Worker::Impl::look_at_partitions() {
    next_look_ = now() + look_at_partitions_every;
    try {
        if (const auto topic = admin_->topic(options_.output_topic))
            pipeline_->set_output_partitions(topic->partitions);
    } catch (const Unavailable&) {
        // It goes on with what it knows; the next doubt makes it look again.
    }
}

void Worker::Impl::commit_if_due() {
    const auto time = now();
    if (time < next_commit_) return;
    auto positions = take_commits();
    if (commit_again_) positions = all_progress();
    commit_again_ = false;
    if (!positions.empty()) consumer_->commit_async(positions);
    next_commit_ = time + options_.commit_every;
}

std::vector<stream::Position> Worker::Impl::take_commits() {
    auto positions = pipeline_->take_commits();
    for (const auto& position : positions) progress_[position.at] = position.offset;
    return positions;
}

std::vector<stream::Position> Worker::Impl::all_progress() const {
    std::vector<stream::Position> positions;
    for (const auto& [at, offset] : progress_) positions.push_back({at, offset});
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
