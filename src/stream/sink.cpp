#include "stream/sink.hpp"

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <thread>
#include <utility>

#include "domain/problem.hpp"
#include "domain/time.hpp"
#include "runtime/backoff.hpp"
#include "runtime/log.hpp"
#include "runtime/until_available.hpp"
#include "runtime/watchdog.hpp"
#include "stream/dead_letter.hpp"
#include "stream/ensure_topics.hpp"
#include "stream/sink_batch.hpp"
#include "stream/sink_metrics.hpp"
#include "stream/stream_watch.hpp"

namespace nearline::stream {
namespace {

using namespace std::chrono_literals;
using Partitions = std::set<TopicPartition>;

constexpr auto admin_timeout = 2'000ms;
constexpr auto longest_poll = 1'000ms;
/// Before it is a member of its group, and for no longer than this: a share may never come.
constexpr auto poll_until_ready = 10ms;
constexpr auto longest_until_ready = 5s;

SteadyTime now() {
    return std::chrono::steady_clock::now();
}

}  // namespace

class Sink::Impl {
public:
    Impl(Stream& stream, SinkTarget& target, Options options, Metrics& metrics, Health& health)
        : stream_(stream),
          target_(target),
          options_(std::move(options)),
          dead_letter_topic_(dead_letter_topic(options_.topic, options_.role)),
          metrics_(metrics, options_.role),
          health_(health),
          watch_(stream, health,
                 {.dependency = options_.stream_dependency,
                  .witness = options_.role + " watch",
                  .on_look = [this](const std::string&) { metrics_.lag.show(); },
                  .on_made_anew = [this] { wake(); }}),
          watchdog_(health, options_.role, options_.stuck_after) {}
    ~Impl() { drain(now()); }

    void start() {
        thread_ = std::thread([this] { run(); });
    }

    void drain(SteadyTime deadline) {
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

private:
    void wake() {
        const std::scoped_lock lock(mutex_);
        if (consumer_) consumer_->wake();
    }
    void run();
    bool set_up();
    bool prepare_target();
    void work();
    void open_consumer();
    void close_consumer();
    void step();
    std::chrono::milliseconds wait_time() const;
    void become_ready();
    void gather();
    void store_batch();
    void rest(std::chrono::milliseconds time);
    void pause_all();
    void commit_if_due();
    void commit_all();
    void hand_over(const Partitions& partitions);
    void forget(const Partitions& partitions);
    void finish();
    void lose_consumer();
    bool out_of_time() {
        const std::scoped_lock lock(mutex_);
        return stop_.requested() && now() >= drain_deadline_;
    }

    Stream& stream_;
    SinkTarget& target_;
    const Options options_;
    const std::string dead_letter_topic_;
    SinkMetrics metrics_;
    Health& health_;

    StopToken stop_;
    std::mutex mutex_;  // guards drain_deadline_, and consumer_ while it changes
    SteadyTime drain_deadline_ = SteadyTime::max();
    std::unique_ptr<GroupConsumer> consumer_;

    // From here on for the sink's thread alone.
    std::optional<DeadLetterWriter> letters_;
    std::optional<SinkBatch> batch_;
    std::vector<ConsumedRecord> next_records_;  // came while the batch was waiting
    std::map<TopicPartition, std::int64_t> progress_;
    bool has_commits_ = false;
    SteadyTime next_commit_{};
    SteadyTime ready_at_latest_{};
    bool is_ready_ = false;
    bool has_joined_ = false;
    bool is_paused_ = false;  // at least some of what it has
    bool has_new_partitions_ = false;
    bool is_consumer_lost_ = false;
    StreamWatch watch_;
    Watchdog watchdog_;
    std::thread thread_;
};

void Sink::Impl::run() {
    try {
        if (set_up()) work();
    } catch (const std::exception& error) {
        log::error("can't go on", {{"role", options_.role}, {"reason", error.what()}});
        options_.on_fatal(error.what());
    }
    close_consumer();
    batch_.reset();
    letters_.reset();
}

bool Sink::Impl::set_up() {
    std::vector<WantedTopic> topics;
    for (const auto& name : {options_.topic, options_.retry_topic, dead_letter_topic_}) {
        if (name.empty()) continue;
        const auto& usual = options_.topic_options;
        topics.push_back({name, name == options_.retry_topic ? for_retries(usual) : usual});
    }
    const auto found = ensure_topics(stream_, topics, health_, options_.stream_dependency, stop_, options_.role);
    if (!found) return false;
    watch_.expect(*found);
    watch_.start();
    watchdog_.start();
    const auto admin = stream_.admin(admin_timeout);
    std::string cluster_id;
    const auto ask = [&] { cluster_id = admin->cluster_id(); };
    if (!until_available(health_, options_.stream_dependency, stop_, ask, options_.role)) return false;
    letters_.emplace(stream_, dead_letter_topic_, options_.producer);
    batch_.emplace(target_, *letters_, cluster_id, options_, metrics_, health_);
    return prepare_target();
}

/// The target tells Health itself which of its dependencies is away.
bool Sink::Impl::prepare_target() {
    Backoff backoff;
    while (!stop_.requested()) {
        try {
            target_.prepare();
            return true;
        } catch (const Unavailable&) {
            metrics_.retries.add();
        }
        stop_.wait_for(backoff.next());
    }
    return false;
}

void Sink::Impl::work() {
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

void Sink::Impl::open_consumer() {
    GroupOptions group;
    group.group = options_.group;
    group.topics = {options_.topic};
    if (!options_.retry_topic.empty()) group.topics.push_back(options_.retry_topic);
    is_consumer_lost_ = false;
    is_paused_ = false;
    has_joined_ = false;
    auto consumer = stream_.consumer(
        group, {.assigned =
                    [this](const auto& partitions) {
                        log::info("partitions came", {{"role", options_.role}, {"partitions", to_text(partitions)}});
                        has_joined_ = true;
                        has_new_partitions_ = true;
                    },
                .revoked =
                    [this](const auto& partitions) {
                        if (!is_consumer_lost_) hand_over({partitions.begin(), partitions.end()});
                    },
                .lost =
                    [this](const auto& partitions) {
                        log::warning("partitions were lost: the group thought this member dead",
                                     {{"role", options_.role}, {"partitions", to_text(partitions)}});
                        forget({partitions.begin(), partitions.end()});
                    }});
    const std::scoped_lock lock(mutex_);
    consumer_ = std::move(consumer);
}

void Sink::Impl::close_consumer() {
    std::unique_ptr<GroupConsumer> consumer;
    {
        const std::scoped_lock lock(mutex_);
        consumer = std::move(consumer_);
    }
}

void Sink::Impl::step() {
    if (!watch_.made_anew().empty()) {
        letters_->renew();
        throw Unavailable("a topic was deleted and made anew");
    }
    commit_if_due();
    batch_->add(next_records_.empty() ? consumer_->poll(options_.max_batch, wait_time())
                                      : std::exchange(next_records_, {}));
    if (!is_ready_) become_ready();
    batch_->show_lag();
    if (batch_->empty()) return;
    watchdog_.holds(now());
    gather();
    store_batch();
    if (batch_->empty()) watchdog_.holds(std::nullopt);
}

std::chrono::milliseconds Sink::Impl::wait_time() const {
    if (!is_ready_) return poll_until_ready;
    if (!has_commits_) return longest_poll;
    return std::clamp(std::chrono::ceil<std::chrono::milliseconds>(next_commit_ - now()), 0ms, longest_poll);
}

void Sink::Impl::become_ready() {
    if (!has_joined_ && now() < ready_at_latest_) return;
    is_ready_ = true;
    log::info("ready", {{"role", options_.role}, {"group", options_.group}, {"topic", options_.topic}});
    options_.on_ready();
}

/// A write and its fsync cost about the same for one record and for many, and nobody waits for them: what
/// follows closely comes along.
void Sink::Impl::gather() {
    if (batch_->size() >= options_.max_batch || options_.linger <= 0ms) return;
    stop_.wait_for(options_.linger);
    batch_->add(consumer_->poll(options_.max_batch - batch_->size(), 0ms));
}

void Sink::Impl::store_batch() {
    Backoff backoff;
    // Partitions can go to another member while it waits, and take their records along.
    while (!batch_->empty()) {
        batch_->show_lag();
        if (batch_->try_to_store()) {
            for (const auto& [at, offset] : batch_->end()) progress_[at] = offset;
            has_commits_ = true;
            break;
        }
        metrics_.retries.add();
        if (out_of_time()) break;
        rest(backoff.next());
    }
    if (!is_paused_) return;
    const auto assigned = consumer_->assignment();
    consumer_->resume({assigned.begin(), assigned.end()});
    is_paused_ = false;
}

/// Stays a member of the group without taking more.
void Sink::Impl::rest(std::chrono::milliseconds time) {
    const auto until = now() + time;
    while (!batch_->empty() && now() < until && !out_of_time()) {
        // What came meanwhile has not been paused yet.
        if (!is_paused_ || has_new_partitions_) pause_all();
        auto more = consumer_->poll(options_.max_batch, std::chrono::ceil<std::chrono::milliseconds>(until - now()));
        std::move(more.begin(), more.end(), std::back_inserter(next_records_));
        batch_->show_lag();
        // Woken to stop: no more rest than the backoff, but no busy loop either.
        if (stop_.requested()) std::this_thread::sleep_until(std::min(until, now() + 20ms));
    }
}

void Sink::Impl::pause_all() {
    const auto assigned = consumer_->assignment();
    consumer_->pause({assigned.begin(), assigned.end()});
    is_paused_ = true;
    has_new_partitions_ = false;
}

void Sink::Impl::commit_if_due() {
    if (!has_commits_ || now() < next_commit_) return;
    // All of it, not only what is new: nobody said whether an earlier one arrived.
    std::vector<Position> positions;
    for (const auto& [at, offset] : progress_) positions.push_back({at, offset});
    consumer_->commit_async(positions);
    has_commits_ = false;
    next_commit_ = now() + options_.commit_every;
}

void Sink::Impl::commit_all() {
    std::vector<Position> positions;
    for (const auto& [at, offset] : progress_) positions.push_back({at, offset});
    if (positions.empty()) return;
    try {
        consumer_->commit(positions);
        has_commits_ = false;
    } catch (const Unavailable& error) {
        log::warning("offsets were not committed; records after them are stored again, which changes nothing",
                     {{"role", options_.role}, {"partitions", positions.size()}, {"reason", error.what()}});
    }
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
    for (const auto& at : partitions) progress_.erase(at);
}

void Sink::Impl::finish() {
    // Behind a batch that could not be stored nothing may be: a commit for it would pass over the batch.
    if (batch_->empty()) {
        batch_->add(std::exchange(next_records_, {}));
        store_batch();
    }
    commit_all();
    consumer_->close();
    close_consumer();
}

void Sink::Impl::lose_consumer() {
    is_consumer_lost_ = true;
    close_consumer();
    batch_->clear();
    watchdog_.holds(std::nullopt);
    next_records_.clear();
    progress_.clear();
    has_commits_ = false;
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
