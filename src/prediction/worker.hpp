#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

#include "prediction/model_holder.hpp"
#include "runtime/health.hpp"
#include "runtime/metrics.hpp"
#include "schema/topic_codec.hpp"
#include "stream/consumer_loop.hpp"
#include "stream/stream.hpp"

namespace nearline::prediction {

/// Takes records from the input topic, asks the model, and writes the answers to the output topic. Each
/// record ends once at least (Options::exactly_once: once): as a prediction, or as a dead letter and, if it brought a
/// request id, a failure. Its offset is committed when it and all before it have ended, never earlier. What is away
/// (stream, registry) is waited for.
///
/// One thread does the work; another asks the registry for schemas that are new.
class Worker {
public:
    struct Options : stream::ConsumerLoop::Options {
        Options() {
            topic = "input-topic";
            role = "prediction";
            group = "nearline-prediction-iris";
            producer.report_interval = std::chrono::milliseconds(5);  // they only let offsets be committed
        }
        std::string output_topic = "output-topic";
        std::size_t max_batch = 1'024;       ///< rows of one model call
        std::size_t max_in_flight = 10'000;  ///< records taken that have not ended; above it nothing more is taken
        std::chrono::milliseconds commit_every{100};
        /// How long a partition that goes to another member may keep the group waiting until what was taken
        /// from it has ended; what has not by then is predicted again by the other.
        std::chrono::milliseconds handover_time{2'000};
        stream::ProducerOptions producer{};
        /// Answers, dead letters and offsets are stored in transactions: a reader of the output topic sees each answer
        /// once, and somewhat later.
        bool exactly_once = false;
        std::string registry_dependency = "schema registry";  ///< its name in Health
    };

    /// All but `options` must outlive it. The model of `models` must fit the codecs' schemas
    /// (model_fit.hpp), which are those of the input and the output topic.
    Worker(stream::Stream& stream, schema::TopicCodec& input, schema::TopicCodec& output, ModelHolder& models,
           Options options, Metrics& metrics, Health& health);
    ~Worker();
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    /// Returns at once: topics and registry are waited for on its thread.
    void start();
    /// Takes nothing more; until the deadline, waits for what it has taken to end, commits that and leaves
    /// the group. Blocks.
    void drain(std::chrono::steady_clock::time_point deadline);
    /// drain(now), and ends the threads.
    void stop() noexcept;

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace nearline::prediction
