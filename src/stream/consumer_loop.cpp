#include "stream/consumer_loop.hpp"

#include <algorithm>
#include <utility>

#include "domain/problem.hpp"
#include "runtime/backoff.hpp"
#include "runtime/log.hpp"
#include "runtime/thread_name.hpp"
#include "runtime/until_available.hpp"
#include "stream/dead_letter.hpp"
#include "stream/ensure_topics.hpp"

namespace nearline::stream {
namespace {

using namespace std::chrono_literals;

constexpr auto admin_timeout = 2'000ms;
/// Before it is a member of its group, and for no longer than this: a share may never come.
constexpr auto poll_until_ready = 10ms;
constexpr auto longest_until_ready = 5s;

SteadyTime now() {
    return std::chrono::steady_clock::now();
}

std::set<TopicPartition> to_set(const std::vector<TopicPartition>& partitions) {
    return {partitions.begin(), partitions.end()};
}

std::set<std::string> needs(const ConsumerLoop::Options& options) {
    auto names = options.more_dependencies;
    names.insert(options.stream_dependency);
    return names;
}

std::vector<TopicPartition> to_vector(const std::set<TopicPartition>& partitions) {
    return {partitions.begin(), partitions.end()};
}

}  // namespace

ConsumerLoop::ConsumerLoop(Stream& stream, ConsumerTask& task, const Options& options,
                           std::vector<std::string> more_topics, Health& health, std::function<void()> on_look)
    : stream_(stream),
      task_(task),
      options_(options),
      more_topics_(std::move(more_topics)),
      health_(health),
      watch_(stream, health,
             {.dependency = options.stream_dependency,
              .witness = options.role + " watch",
              .on_look = [on_look = std::move(on_look)](const std::string&) { on_look(); },
              .on_made_anew = [this] { wake(); }}),
      watchdog_(health, options.role, needs(options), options.stuck_after) {}

ConsumerLoop::~ConsumerLoop() {
    drain(now());
}

void ConsumerLoop::start() {
    thread_ = std::thread([this] { run(); });
}

void ConsumerLoop::drain(SteadyTime deadline) {
    {
        const std::scoped_lock lock(mutex_);
        drain_deadline_ = std::min(drain_deadline_, deadline);
        stop_.request();
        if (consumer_) consumer_->wake();
    }
    if (thread_.joinable()) thread_.join();
    watchdog_.stop();
    watch_.stop();
}

void ConsumerLoop::wake() {
    const std::scoped_lock lock(mutex_);
    if (consumer_) consumer_->wake();
}

SteadyTime ConsumerLoop::drain_deadline() {
    const std::scoped_lock lock(mutex_);
    return drain_deadline_;
}

bool ConsumerLoop::is_out_of_time() {
    return stop_.requested() && now() >= drain_deadline();
}

void ConsumerLoop::run() {
    name_this_thread(options_.role);
    try {
        if (set_up()) work();
    } catch (const std::exception& error) {
        log::error("can't go on", {{"role", options_.role}, {"reason", error.what()}});
        options_.on_fatal(error.what());
    }
    task_.use(nullptr);
    close_consumer();
    task_.ended();
}

bool ConsumerLoop::set_up() {
    auto names = more_topics_;
    names.insert(names.end(), {options_.topic, options_.retry_topic, dead_letter_topic(options_.topic, options_.role)});
    std::vector<WantedTopic> topics;
    for (const auto& name : names) {
        if (name.empty()) continue;
        const auto& usual = options_.topic_options;
        topics.push_back({name, name == options_.retry_topic ? for_retries(usual) : usual});
    }
    const auto found = ensure_topics(stream_, topics, health_, options_.stream_dependency, stop_, options_.role);
    if (!found) return false;
    watch_.expect(*found);
    watch_.start();
    watchdog_.start();
    admin_ = stream_.admin(admin_timeout);
    std::string cluster_id;
    const auto ask = [&] { cluster_id = admin_->cluster_id(); };
    return until_available(health_, options_.stream_dependency, stop_, ask, options_.role) &&
           task_.prepare(*found, cluster_id);
}

void ConsumerLoop::work() {
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
            watchdog_.turns(std::nullopt);
            task_.finish();
            consumer_->close();
            task_.use(nullptr);
            close_consumer();
        } catch (const Unavailable& error) {
            health_.down(options_.stream_dependency, error.what(), options_.role);
            lose_consumer();
            stop_.wait_for(backoff.next());
        }
    }
}

void ConsumerLoop::open_consumer() {
    task_.settle();
    GroupOptions group;
    group.group = options_.group;
    group.topics = {options_.topic};
    if (!options_.retry_topic.empty()) group.topics.push_back(options_.retry_topic);
    group.fetch_min_bytes = options_.fetch_min_bytes;
    is_consumer_lost_ = false;
    is_paused_ = false;
    are_retries_held_ = false;
    has_joined_ = false;
    auto consumer = stream_.consumer(
        group, {.assigned =
                    [this](const auto& partitions) {
                        log::info("partitions came", {{"role", options_.role}, {"partitions", to_text(partitions)}});
                        has_joined_ = true;
                        has_new_partitions_ = true;
                        has_new_retries_ = true;
                        task_.assigned();
                    },
                .revoked =
                    [this](const auto& partitions) {
                        if (!is_consumer_lost_) task_.hand_over(to_set(partitions));
                    },
                .lost =
                    [this](const auto& partitions) {
                        log::warning("partitions were lost: the group thought this member dead",
                                     {{"role", options_.role}, {"partitions", to_text(partitions)}});
                        task_.forget(to_set(partitions));
                    }});
    {
        const std::scoped_lock lock(mutex_);
        consumer_ = std::move(consumer);
    }
    task_.use(consumer_.get());
}

/// Its end may take a while, and drain() must not wait for that.
void ConsumerLoop::close_consumer() {
    std::unique_ptr<GroupConsumer> consumer;
    const std::scoped_lock lock(mutex_);
    std::swap(consumer, consumer_);
}

void ConsumerLoop::lose_consumer() {
    is_consumer_lost_ = true;
    task_.use(nullptr);
    close_consumer();
    task_.abandon();
    watchdog_.holds(std::nullopt);
    watchdog_.turns(std::nullopt);
    progress_.clear();
}

void ConsumerLoop::step() {
    if (!watch_.made_anew().empty()) {
        task_.renew();
        throw Unavailable("a topic was deleted and made anew");
    }
    task_.step();
}

std::vector<ConsumedRecord> ConsumerLoop::poll(std::size_t most, std::chrono::milliseconds timeout) {
    watchdog_.turns(now());
    if (options_.stuck_after > 0ms) timeout = std::min(timeout, options_.stuck_after / 4);
    auto records = consumer_->poll(most, is_ready_ ? timeout : std::min(timeout, poll_until_ready));
    if (!is_ready_) become_ready();
    return records;
}

void ConsumerLoop::become_ready() {
    if (!has_joined_ && now() < ready_at_latest_) return;
    is_ready_ = true;
    log::info("ready", {{"role", options_.role}, {"group", options_.group}, {"topic", options_.topic}});
    options_.on_ready();
}

void ConsumerLoop::pause() {
    if (is_paused_ && !has_new_partitions_) return;
    consumer_->pause(to_vector(assignment()));
    is_paused_ = true;
    has_new_partitions_ = false;
}

void ConsumerLoop::resume() {
    if (!is_paused_) return;
    consumer_->resume(assigned_of(!are_retries_held_, true));
    is_paused_ = false;
}

void ConsumerLoop::hold_retries(bool held) {
    const bool has_new = std::exchange(has_new_retries_, false);
    if (held == are_retries_held_ && !(held && has_new)) return;
    are_retries_held_ = held;
    const auto partitions = assigned_of(true, false);
    if (held) {
        consumer_->pause(partitions);
    } else if (!is_paused_) {
        consumer_->resume(partitions);
    }
}

std::vector<TopicPartition> ConsumerLoop::assigned_of(bool retries, bool others) const {
    std::vector<TopicPartition> partitions;
    for (const auto& at : assignment()) {
        if (at.topic == options_.retry_topic ? retries : others) partitions.push_back(at);
    }
    return partitions;
}

void ConsumerLoop::reached(const std::vector<Position>& next) {
    for (const auto& [at, offset] : next) progress_[at] = offset;
}

std::vector<Position> ConsumerLoop::progress() const {
    std::vector<Position> positions;
    positions.reserve(progress_.size());
    for (const auto& [at, offset] : progress_) positions.push_back({at, offset});
    return positions;
}

bool ConsumerLoop::commit(const std::string& means) {
    const auto positions = progress();
    if (positions.empty()) return true;
    try {
        consumer_->commit(positions);
        return true;
    } catch (const Unavailable& error) {
        log::warning("offsets were not committed; " + means,
                     {{"role", options_.role}, {"partitions", positions.size()}, {"reason", error.what()}});
        return false;
    }
}

void ConsumerLoop::forget_progress(const std::set<TopicPartition>& partitions) {
    for (const auto& at : partitions) progress_.erase(at);
}

}  // namespace nearline::stream
