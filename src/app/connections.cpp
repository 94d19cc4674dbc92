#include "app/connections.hpp"

#include "app/places.hpp"
#include "app/process.hpp"

namespace nearline::app {

namespace {

/// All that is wrong with the file is said at once.
std::map<std::string, std::string> kafka_properties(const std::string& file) {
    const auto wrong = stream::check_properties(file);
    if (wrong.empty()) return stream::read_properties(file);
    std::string text = "--kafka-config " + file + ":";
    for (const auto& why : wrong) text += (wrong.size() == 1 ? " " : "\n  ") + why;
    throw ConfigurationError(text);
}

}  // namespace

std::unique_ptr<stream::Stream> open_stream(const StreamOptions& options, const std::string& client_id,
                                            Metrics& metrics) {
    const auto place = StreamPlace::parse(options.stream);
    if (!place) throw ConfigurationError("--stream: " + place.error());
    if (place->kind == StreamPlace::Kind::embedded) return stream::open_embedded(place->where, {}, metrics);
    try {
        const auto properties =
            options.kafka_config ? kafka_properties(*options.kafka_config) : std::map<std::string, std::string>();
        return stream::open_kafka(place->where, properties, client_id, metrics);
    } catch (const std::invalid_argument& e) {
        throw ConfigurationError("--kafka-config " + options.kafka_config.value_or("") + ": " + e.what());
    }
}

std::unique_ptr<schema::Registry> open_registry(const RegistryOptions& options, Metrics& metrics) {
    const auto place = RegistryPlace::parse(options.registry);
    if (!place) throw ConfigurationError("--registry: " + place.error());
    schema::RegistryClientOptions client;
    client.url = place->where;
    client.user = place->user;
    client.password = options.password.value_or("");
    client.ca_file = options.ca_file.value_or("");
    try {
        return schema::make_registry_client(client, metrics);
    } catch (const std::invalid_argument& e) {
        throw ConfigurationError(std::string("--registry: ") + e.what());
    }
}

std::string stream_dependency(const StreamOptions& options) {
    return options.stream.starts_with("kafka:") ? "kafka" : "embedded stream";
}

}  // namespace nearline::app
