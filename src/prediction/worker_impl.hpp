#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "prediction/pipeline.hpp"
#include "prediction/worker.hpp"
#include "stream/consumer_loop.hpp"

namespace nearline::prediction {

using Partitions = std::set<stream::TopicPartition>;

/// worker.cpp takes records and brings them on their way, handover.cpp lets go of partitions.
class Worker::Impl final : private stream::ConsumerTask {
public:
    Impl(stream::Stream& stream, schema::TopicCodec& input, schema::TopicCodec& output, ModelHolder& models,
         Options options, Metrics& metrics, Health& health);

    void start() { loop_.start(); }
    void drain(SteadyTime deadline) { loop_.drain(deadline); }

private:
    bool prepare(const std::map<std::string, stream::TopicInfo>& topics, const std::string& cluster_id) override;
    void settle() override;
    void use(stream::GroupConsumer* consumer) override;
    void step() override;
    void assigned() override;
    void hand_over(const Partitions& partitions) override;
    void forget(const Partitions& partitions) override;
    void renew() override { pipeline_->renew_producer(); }
    void finish() override;
    void abandon() override { pipeline_->abandon_all(); }
    void ended() override { pipeline_.reset(); }

    void tell_watchdog();
    std::chrono::milliseconds wait_time() const;
    void keep_in_bounds();
    void look_at_partitions();
    void commit_if_due();
    std::vector<stream::Position> take_commits();
    void commit_all();
    enum class Polls { never, where_needed };
    void wait_for_end(const Partitions& of, SteadyTime deadline, Polls polls);
    void poll_for_group();

    stream::Stream& stream_;
    schema::TopicCodec& input_;
    schema::TopicCodec& output_;
    ModelHolder& models_;
    const Options options_;
    Metrics& metrics_;
    Health& health_;

    // For the loop's thread alone.
    std::unique_ptr<Pipeline> pipeline_;
    SteadyTime next_commit_{};
    SteadyTime next_look_{};
    SteadyTime next_telling_{};
    bool commit_again_ = false;  // all that was reached, not only what is new

    stream::ConsumerLoop loop_;  // last: its thread uses all the rest
};

}  // namespace nearline::prediction
