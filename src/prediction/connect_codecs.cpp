#include "prediction/connect_codecs.hpp"

#include "runtime/log.hpp"

namespace nearline::prediction {

std::string connect_codecs(schema::TopicCodec& input, schema::TopicCodec& output, const Worker::Options& options) {
    const auto answers = output.connect();
    if (!answers) {
        return "the schema registry refuses the schema of " + options.output_topic + ": " + answers.error().detail;
    }
    // It only reads the input, with whatever schemas that has.
    const auto requests = input.connect();
    if (!requests) {
        log::warning("the schema registry refuses our schema of the input topic; records with its own schemas are read",
                     {{"topic", options.topic}, {"reason", requests.error().detail}});
    }
    return "";
}

}  // namespace nearline::prediction
