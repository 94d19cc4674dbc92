#include "app/prediction_part.hpp"
#include "app/topic_service.hpp"

namespace nearline::app {
namespace {

struct Options {
    TopicServiceOptions service;
    PredictionOptions prediction;
};

int serve(const Options& options) {
    TopicService service(options.service, "nearline-prediction");
    PredictionPart prediction(service.process, service.ready, options.prediction, options.service.topics,
                              service.stream_name, *service.stream, *service.registry);
    return service.run(prediction);
}

int main(int argc, const char* const* argv) {
    Options options;
    Settings settings(
        "prediction-svc",
        "Takes requests from the input topic, asks the model, and writes predictions to the output topic. "
        "Part of Nearline; any number of them share the work.");
    declare(settings, options.prediction);
    declare(settings, options.service, "NEARLINE_PREDICTION_PORT", 9101);
    return load_and_serve(settings, argc, argv, options.service.process, [&] { return serve(options); });
}

}  // namespace
}  // namespace nearline::app

int main(int argc, char** argv) {
    return nearline::app::guarded("prediction-svc", [&] { return nearline::app::main(argc, argv); });
}
