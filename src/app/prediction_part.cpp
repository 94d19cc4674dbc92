#include "app/prediction_part.hpp"

#include "app/consumer_options.hpp"
#include "app/model_path.hpp"
#include "prediction/model_fit.hpp"
#include "schema/builtin_schemas.hpp"

namespace nearline::app {

namespace {

prediction::Worker::Options worker_options(Process& process, ReadyGate& ready, const PredictionOptions& options,
                                           const TopicsOptions& topics, const std::string& stream_name) {
    prediction::Worker::Options worker;
    fill_in(worker, "prediction", topics.input_topic, topics, stream_name, process, ready);
    worker.output_topic = topics.output_topic;
    worker.max_batch = static_cast<std::size_t>(options.max_batch);
    worker.max_in_flight = static_cast<std::size_t>(options.max_in_flight);
    worker.exactly_once = options.exactly_once;
    return worker;
}

}  // namespace

void declare(Settings& settings, PredictionOptions& options) {
    settings.group("Model");
    settings.add(
        "--model FILE", "NEARLINE_MODEL", options.model,
        "the model, an ONNX file that describes itself; taken anew when it changes; without it models/iris.onnx "
        "here, or the one that came with the program");
    settings.add("--max-batch", "NEARLINE_MAX_BATCH", options.max_batch, "records of one call of the model",
                 {1, 100'000});
    settings.add("--max-in-flight", "NEARLINE_MAX_IN_FLIGHT", options.max_in_flight,
                 "records taken whose answers are not stored yet; above it nothing more is taken", {1, 1'000'000});
    settings.add("--exactly-once", "NEARLINE_EXACTLY_ONCE", options.exactly_once,
                 "stores answers together with their requests' offsets, in transactions: each answer is on the output "
                 "topic once, whatever dies, for readers that are read-committed; some milliseconds later");
}

PredictionPart::PredictionPart(Process& process, ReadyGate& ready, const PredictionOptions& options,
                               const TopicsOptions& topics, const std::string& stream_name, stream::Stream& stream,
                               schema::Registry& registry)
    : input_(registry, {.topic = topics.input_topic, .schema = std::string(schema::iris_input())}),
      output_(registry, {.topic = topics.output_topic, .schema = std::string(schema::iris_output())}),
      models_(
          {.file = find_model(options.model, this_executable())},
          [this](const prediction::ModelInfo& model) { return misfit(model, input_.schema(), output_.schema()); },
          process.metrics, process.health),
      worker_(stream, input_, output_, models_, worker_options(process, ready, options, topics, stream_name),
              process.metrics, process.health) {
    const std::string name = models_.current()->info().name;
    if (name == topics.model_name) return;
    throw ConfigurationError("--model-name: is " + topics.model_name + ", but the model calls itself " + name +
                             "; its topics and groups are other than those of " + topics.model_name +
                             ": give --model-name " + name + ", or another --model");
}

void PredictionPart::add_to(Lifecycle& lifecycle) {
    lifecycle.add({"model", [this] { models_.start(); }, [](auto) {}, [this] { models_.stop(); }});
    lifecycle.add({"prediction", [this] { worker_.start(); }, [this](auto deadline) { worker_.drain(deadline); },
                   [this] { worker_.stop(); }});
}

}  // namespace nearline::app
