#pragma once

#include <algorithm>
#include <chrono>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "prediction/pipeline.hpp"
#include "prediction/worker.hpp"
#include "runtime/stop.hpp"
#include "runtime/watchdog.hpp"
#include "stream/stream_watch.hpp"

namespace nearline::prediction {

using Partitions = std::set<stream::TopicPartition>;

/// worker.cpp takes records and brings them on their way, handover.cpp lets go of partitions.
class Worker::Impl {
public:
    Impl(stream::Stream& stream, schema::TopicCodec& input, schema::TopicCodec& output, ModelHolder& models,
         Options options, Metrics& metrics, Health& health)
        : stream_(stream),
          input_(input),
          output_(output),
          models_(models),
          options_(std::move(options)),
          metrics_(metrics),
          health_(health),
          watch_(stream, health,
                 {.dependency = options_.stream_dependency,
                  .witness = options_.role + " watch",
                  .on_made_anew = [this] { wake(); }}),
          watchdog_(health, options_.role, options_.stuck_after) {}
    ~Impl() { drain(std::chrono::steady_clock::now()); }

    void start() {
        thread_ = std::thread([this] { run(); });
    }

    void drain(SteadyTime deadline) {
        {
            const std::scoped_lock lock(mutex_);
            drain_deadline_ = std::min(drain_deadline_, deadline);
            stop_.request();
            if (pipeline_) pipeline_->deliveries().nudge();
        }
        if (thread_.joinable()) thread_.join();
        watchdog_.stop();
        watch_.stop();
    }

private:
    void wake() {
        const std::scoped_lock lock(mutex_);
        if (pipeline_) pipeline_->deliveries().nudge();
    }
    void run();
    bool set_up();
    bool make_pipeline(int output_partitions);
    void work();
    void open_consumer();
    void step();
    void tell_watchdog();
    std::chrono::milliseconds wait_time() const;
    void keep_in_bounds();
    void become_ready();
    void look_at_partitions();
    void commit_if_due();
    std::vector<stream::Position> take_commits();
    std::vector<stream::Position> all_progress() const;
    SteadyTime drain_deadline() {
        const std::scoped_lock lock(mutex_);
        return drain_deadline_;
    }
    enum class Polls { never, where_needed };
    void wait_for_end(const Partitions& of, SteadyTime deadline, Polls polls);
    void poll_for_group();
    void hand_over(const Partitions& partitions);
    void commit_all();
    void forget(const Partitions& partitions);
    void finish();
    void lose_consumer();

    stream::Stream& stream_;
    schema::TopicCodec& input_;
    schema::TopicCodec& output_;
    ModelHolder& models_;
    const Options options_;
    Metrics& metrics_;
    Health& health_;

    StopToken stop_;
    std::mutex mutex_;  // guards pipeline_ while it is made, and drain_deadline_
    SteadyTime drain_deadline_ = SteadyTime::max();

    // From here on for the worker's thread alone.
    std::unique_ptr<stream::Admin> admin_;
    std::unique_ptr<Pipeline> pipeline_;
    std::unique_ptr<stream::GroupConsumer> consumer_;
    std::map<stream::TopicPartition, std::int64_t> progress_;  // committed, or to be, of the partitions it has
    SteadyTime next_commit_{};
    SteadyTime next_look_{};
    SteadyTime next_telling_{};
    SteadyTime ready_at_latest_{};
    bool is_ready_ = false;
    bool has_joined_ = false;
    bool is_paused_ = false;
    bool has_new_partitions_ = false;
    bool is_consumer_lost_ = false;
    bool commit_again_ = false;  // all of progress_, not only what is new
    stream::StreamWatch watch_;
    Watchdog watchdog_;
    std::thread thread_;
};

}  // namespace nearline::prediction
