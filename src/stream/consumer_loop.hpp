#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "domain/time.hpp"
#include "runtime/health.hpp"
#include "runtime/stop.hpp"
#include "runtime/watchdog.hpp"
#include "stream/stream.hpp"
#include "stream/stream_watch.hpp"

namespace nearline::stream {

/// What a ConsumerLoop does with what it reads. Called on the loop's thread alone.
class ConsumerTask {
public:
    virtual ~ConsumerTask() = default;

    /// Once: the topics are there, and this is their cluster. False: the wish to stop came first. Throws where waiting
    /// can't help: the loop ends.
    virtual bool prepare(const std::map<std::string, TopicInfo>& topics, const std::string& cluster_id) = 0;
    /// Before a consumer is made: ends what was left undecided of an earlier one's records. Throws Unavailable.
    virtual void settle() {}
    /// Whose records come from now on; nullptr: nobody's.
    virtual void use(GroupConsumer* /*consumer*/) {}

    /// Takes what is there, waits where nothing is, does what became due. Throws Unavailable where the consumer has to
    /// be made anew.
    virtual void step() = 0;

    virtual void assigned() {}
    /// Brings what was taken from these partitions to its end, as far as there is time, and commits; then forgets them:
    /// they go to another member.
    virtual void hand_over(const std::set<TopicPartition>& partitions) = 0;
    /// They have gone to another member already.
    virtual void forget(const std::set<TopicPartition>& partitions) = 0;

    /// A topic was made anew: what was made for the one before has to be, too. The consumer is.
    virtual void renew() = 0;
    /// Ends what was taken, until ConsumerLoop::drain_deadline(), and commits; the loop then leaves the group.
    virtual void finish() = 0;
    /// The consumer is gone: nothing of what was taken counts, all that was not committed comes again.
    virtual void abandon() = 0;
    /// The loop has ended, in whatever way.
    virtual void ended() = 0;
};

/// Runs a task as a member of a consumer group, on a thread of its own: waits for the topics and makes those that are
/// missing, joins, lets the task do its steps, tells it of partitions that come and go. When the stream fails, it tells
/// Health and joins anew with backoff. Watches the topics, and that the task makes progress.
class ConsumerLoop {
public:
    struct Options {
        std::string topic;  ///< that is read
        std::string role;   ///< "archive": dead letters go to <topic>.<role>.dlq; a label of the metrics
        /// Read like the topic, for replayed dead letters and records that wait; empty: none.
        std::string retry_topic{};
        std::string group;
        std::size_t fetch_min_bytes = 1;  ///< of GroupOptions
        TopicOptions topic_options{};     ///< of topics that are missing and therefore made
        /// What it has taken has to end within this, while nothing that it needs is missing, or Health calls it
        /// stuck; 0: never.
        std::chrono::milliseconds stuck_after{60'000};
        std::string stream_dependency = "stream";  ///< its name in Health
        /// By their names in Health, what else it needs.
        std::set<std::string> more_dependencies{};
        /// It has all that it needs and a share of the topic, or would get one. Once, on its thread.
        std::function<void()> on_ready = [] {};
        /// It can't go on, for a reason that waiting does not mend, and has stopped. On its thread.
        std::function<void(const std::string& why)> on_fatal = [](const std::string&) {};
    };

    /// All of these must outlive it. `more_topics` have to be there as well, beside those to read and that of the dead
    /// letters. `on_look` is called, on another thread, whenever the watch has looked (stream_watch.hpp).
    ConsumerLoop(
        Stream& stream, ConsumerTask& task, const Options& options, std::vector<std::string> more_topics,
        Health& health, std::function<void()> on_look = [] {});
    /// As drain(now).
    ~ConsumerLoop();
    ConsumerLoop(const ConsumerLoop&) = delete;
    ConsumerLoop& operator=(const ConsumerLoop&) = delete;

    /// These two for one thread.
    void start();
    /// Takes nothing more, lets the task finish, leaves the group. Blocks.
    void drain(SteadyTime deadline);

    /// Lets poll() return now. Any thread.
    void wake();
    const StopToken& stop() const noexcept { return stop_; }

    // From here on for the task, on the loop's thread.

    SteadyTime drain_deadline();
    /// Whether it has to stop and there is no time left.
    bool is_out_of_time();
    Admin& admin() { return *admin_; }
    Watchdog& watchdog() noexcept { return watchdog_; }

    /// As GroupConsumer::poll(); waits for less while it does not know yet whether it has a share.
    std::vector<ConsumedRecord> poll(std::size_t most, std::chrono::milliseconds timeout);
    std::set<TopicPartition> assignment() const { return consumer_->assignment(); }

    /// Takes nothing more of what it has, and stays a member; to be said again where more may have come.
    void pause();
    void resume();
    bool is_paused() const noexcept { return is_paused_; }
    /// The same of the retry topic alone, whatever these two do; to be said again and again.
    void hold_retries(bool held);
    bool are_retries_held() const noexcept { return are_retries_held_; }

    /// Everything before these has ended.
    void reached(const std::vector<Position>& next);
    /// All that was reached, of the partitions that it has.
    std::vector<Position> progress() const;
    void commit_async(const std::vector<Position>& next) { consumer_->commit_async(next); }
    /// All that was reached, also what was committed without waiting: nobody said whether that arrived. Where it could
    /// not be, the log says so, and what that `means`.
    bool commit(const std::string& means);
    /// They are another member's.
    void forget_progress(const std::set<TopicPartition>& partitions);

private:
    void run();
    bool set_up();
    void work();
    void open_consumer();
    void close_consumer();
    void lose_consumer();
    void step();
    void become_ready();
    std::vector<TopicPartition> assigned_of(bool retries, bool others) const;

    Stream& stream_;
    ConsumerTask& task_;
    const Options& options_;
    const std::vector<std::string> more_topics_;
    Health& health_;

    StopToken stop_;
    std::mutex mutex_;  // guards drain_deadline_, and consumer_ while it changes
    SteadyTime drain_deadline_ = SteadyTime::max();
    std::unique_ptr<GroupConsumer> consumer_;

    // From here on for the loop's thread alone.
    std::unique_ptr<Admin> admin_;
    std::map<TopicPartition, std::int64_t> progress_;
    SteadyTime ready_at_latest_{};
    bool is_ready_ = false;
    bool has_joined_ = false;
    bool is_paused_ = false;  // at least some of what it has
    bool has_new_partitions_ = false;
    bool are_retries_held_ = false;
    bool has_new_retries_ = false;
    bool is_consumer_lost_ = false;
    StreamWatch watch_;
    Watchdog watchdog_;
    std::thread thread_;
};

}  // namespace nearline::stream
