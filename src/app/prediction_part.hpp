#pragma once

#include <optional>
#include <string>

#include "app/options.hpp"
#include "app/process.hpp"
#include "prediction/model_holder.hpp"
#include "prediction/worker.hpp"
#include "schema/registry.hpp"
#include "schema/topic_codec.hpp"
#include "stream/stream.hpp"

namespace nearline::app {

struct PredictionOptions {
    std::optional<std::string> model;
    int max_batch = 1'024;
    int max_in_flight = 10'000;
    bool exactly_once = false;
};
void declare(Settings& settings, PredictionOptions& options);

/// prediction-svc in a process: its model, and the worker between the topics.
class PredictionPart {
public:
    /// Loads the model; throws prediction::BadModel when it is none or does not fit the topics' schemas,
    /// ConfigurationError when it is another than --model-name says. All that is handed over must outlive it.
    PredictionPart(Process& process, ReadyGate& ready, const PredictionOptions& options, const TopicsOptions& topics,
                   const std::string& stream_name, stream::Stream& stream, schema::Registry& registry);

    void add_to(Lifecycle& lifecycle);

private:
    schema::TopicCodec input_;
    schema::TopicCodec output_;
    prediction::ModelHolder models_;
    prediction::Worker worker_;
};

}  // namespace nearline::app
