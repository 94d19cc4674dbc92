#include "app/gateway_part.hpp"

#include "schema/builtin_schemas.hpp"

namespace nearline::app {

namespace {

constexpr double hour = 3'600'000.0;

GatewayOptions complete(GatewayOptions options, const TopicsOptions& topics, const std::string& stream_name) {
    options.group = topics.group("gateway");
    options.prediction_group = topics.group("prediction");
    options.input_topic = topics.input_topic;
    options.output_topic = topics.output_topic;
    options.topics = topics.topic_options();
    options.stream_name = stream_name;
    return options;
}

}  // namespace

void declare(Settings& settings, GatewayOptions& options, bool auth_url) {
    settings.group("Predictions over HTTP");
    if (auth_url) {
        settings.add("--auth-url URL", "NEARLINE_AUTH_URL", options.auth_url,
                     "auth-svc: is asked whether a token's user is still there and unchanged, and gets the logins that "
                     "come here; "
                     "without it a token alone decides",
                     check_http_url);
    }
    settings.add("--auth-keep", "NEARLINE_AUTH_KEEP", options.auth_keep, "how long a yes of auth-svc counts",
                 {0, 30'000});
    settings.add("--answer-timeout", "NEARLINE_ANSWER_TIMEOUT", options.answer_timeout,
                 "how long a caller waits for the prediction before 202 and a Location", {10, hour});
    settings.add("--max-wait", "NEARLINE_MAX_WAIT", options.max_wait, "the longest `Prefer: wait=N` that is kept",
                 {10, hour});
    settings.add("--delivery-timeout", "NEARLINE_DELIVERY_TIMEOUT", options.delivery_timeout,
                 "how long the stream may take to store a request before 504; less than --answer-timeout", {10, hour});
    settings.add("--location-retention", "NEARLINE_LOCATION_RETENTION", options.location_retention,
                 "how old a Location may be whose prediction is not there; older is 410", {1'000, 3'650 * 24 * hour});
    settings.add("--max-pending", "NEARLINE_MAX_PENDING", options.max_pending,
                 "callers that wait at a time; more is 429", {1, 1e6});
    settings.add("--max-backlog", "NEARLINE_MAX_BACKLOG", options.max_backlog,
                 "how far behind the model may be before new requests are 503, at most half of what the input topic "
                 "keeps; 0: that",
                 {0, 7 * 24 * hour});
    settings.add("--rate-limit", "NEARLINE_RATE_LIMIT", options.rate_limit,
                 "requests a second of one user; 0: no limit", {0, 1e6});
    settings.add("--rate-burst", "NEARLINE_RATE_BURST", options.rate_burst,
                 "requests of one user at once, under a --rate-limit", {1, 1e6});
    settings.add("--keep-answers", "NEARLINE_KEEP_ANSWERS", options.keep_answers,
                 "answers kept for GET /predictions/{id}", {0, 1e7});
    settings.add_size("--keep-bytes", "NEARLINE_KEEP_BYTES", options.keep_bytes, "memory for them", {0, 1UL << 40});
    settings.check([&options]() -> std::vector<std::string> {
        if (options.delivery_timeout < options.answer_timeout) return {};
        return {"--delivery-timeout: must be less than --answer-timeout"};
    });
}

GatewayPart::GatewayPart(Process& process, ReadyGate& ready, GatewayOptions options, const TopicsOptions& topics,
                         const std::string& stream_name, stream::Stream& stream, schema::Registry& registry,
                         const std::string& jwt_secret, const ListenOptions& listen, int port,
                         const std::string& port_flag, PredictionReader* archive)
    : input_(registry, {.topic = topics.input_topic, .schema = std::string(schema::iris_input())}),
      output_(registry, {.topic = topics.output_topic, .schema = std::string(schema::iris_output())}),
      jwt_(jwt_secret),
      signer_(jwt_secret),
      service_({.stream = stream,
                .input = input_,
                .output = output_,
                .jwt = jwt_,
                .signer = signer_,
                .loop = loop_,
                .metrics = process.metrics,
                .health = process.health,
                .on_ready = [&ready] { ready.part_ready(); },
                .archive = archive},
               complete(std::move(options), topics, stream_name)),
      server_(make_server(loop_, process, "gateway", listen, port, port_flag, service_.routes())) {}

void GatewayPart::add_to(Lifecycle& lifecycle) {
    lifecycle.add({"event loop of the gateway", [this] { loop_.start(); }, [](auto) {}, [this] { loop_.stop(); }});
    lifecycle.add({"gateway", [this] { service_.start(); }, [](auto) {}, [this] { service_.stop(); }});
    auto part = server_part(*server_, "gateway");
    // Callers are told to come back for their answer shortly before the server stops waiting for them.
    part.drain = [this, drain = part.drain](auto deadline) {
        service_.drain(deadline);
        drain(deadline);
    };
    lifecycle.add(std::move(part));
}

}  // namespace nearline::app
