#include "app/options.hpp"

#include <algorithm>

#include "app/places.hpp"
#include "auth/user_store.hpp"
#include "http/listen_check.hpp"
#include "http/trusted_proxies.hpp"
#include "http/url.hpp"
#include "runtime/log.hpp"
#include "token/jwt.hpp"

namespace nearline::app {

namespace {

constexpr double day = 24 * 3'600'000.0;

/// Kafka's rule for names of topics, and of what we make names of.
std::string check_name(const std::string& name) {
    const bool fine = !name.empty() && name.size() <= 200 && name != "." && name != ".." &&
                      name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") ==
                          std::string::npos;
    return fine ? "" : "must be 1 to 200 letters, digits, dots, dashes or underscores";
}

/// Runs what throws std::invalid_argument for a bad value.
template <class Parse>
std::string wrong_with(Parse parse) {
    try {
        parse();
        return "";
    } catch (const std::exception& e) {
        return e.what();
    }
}

}  // namespace

Settings::Check one_of(std::vector<std::string> choices) {
    return [choices = std::move(choices)](const std::string& value) -> std::string {
        if (std::find(choices.begin(), choices.end(), value) != choices.end()) return "";
        std::string text;
        for (const auto& choice : choices) text += (text.empty() ? "" : ", ") + choice;
        return "must be one of " + text;
    };
}

std::string check_http_url(const std::string& url) {
    return wrong_with([&] { http::parse_url(url); });
}

void declare(Settings& settings, ProcessOptions& options) {
    settings.group("Process");
    settings.add("--log-level LEVEL", "NEARLINE_LOG_LEVEL", options.log_level, "debug, info, warning or error",
                 one_of({"debug", "info", "warning", "error"}));
    settings.add("--log-format FORMAT", "NEARLINE_LOG_FORMAT", options.log_format, "text (logfmt) or json",
                 one_of({"text", "json"}));
    settings.add(
        "--drain-time", "NEARLINE_DRAIN_TIME", options.drain_time,
        "how long pending requests and records may take to end after SIGTERM or Ctrl-C; a second signal ends at once",
        {0, 3'600'000});
}

void apply(const ProcessOptions& options) {
    const std::map<std::string, log::Level> levels{{"debug", log::Level::debug},
                                                   {"info", log::Level::info},
                                                   {"warning", log::Level::warning},
                                                   {"error", log::Level::error}};
    log::configure(levels.at(options.log_level), options.log_format == "json" ? log::Format::json : log::Format::text);
}

void declare(Settings& settings, ListenOptions& options) {
    settings.group("HTTP");
    settings.add(
        "--listen ADDRESS", "NEARLINE_LISTEN", options.address,
        "address to listen on: 127.0.0.1 is this machine alone, 0.0.0.0 every interface; plain HTTP, so let TLS "
        "end before it",
        http::check_listen_address);
    settings.add_size("--max-body", "NEARLINE_MAX_BODY", options.max_body, "largest body of a request",
                      {1'024, 64 << 20});
    settings.add("--max-connections", "NEARLINE_MAX_CONNECTIONS", options.max_connections, "connections open at once",
                 {1, 1'000'000});
    settings.add("--trusted-proxies", "NEARLINE_TRUSTED_PROXIES", options.trusted_proxies,
                 "addresses or networks (10.0.0.0/8) whose X-Forwarded-For is believed", http::TrustedProxies::check);
}

void declare_port(Settings& settings, const std::string& flag, const std::string& env, int& port,
                  const std::string& help) {
    settings.add(flag, env, port, help + "; 0: any free one", {0, 65'535});
}

void declare(Settings& settings, StreamOptions& options, bool embedded) {
    settings.group("Stream");
    settings.add(
        "--stream WHERE", "NEARLINE_STREAM", options.stream,
        embedded ? "topics: embedded:DIR, or kafka://host:port,host:port" : "topics: kafka://host:port,host:port",
        [embedded](const std::string& text) -> std::string {
            const auto place = StreamPlace::parse(text);
            if (!place) return place.error();
            if (place->kind == StreamPlace::Kind::embedded && !embedded) {
                return "an embedded stream serves one process, and this is one of several: run `nearline up`, or "
                       "give them a Kafka, kafka://host:port";
            }
            return "";
        });
    settings.add("--kafka-config FILE", "NEARLINE_KAFKA_CONFIG", options.kafka_config,
                 "librdkafka's properties for SASL, TLS and the like, key=value lines");
}

void declare(Settings& settings, RegistryOptions& options, bool embedded) {
    settings.group("Schema registry");
    settings.add("--registry WHERE", "NEARLINE_REGISTRY", options.registry,
                 std::string("schemas: ") + (embedded ? "embedded:DIR, or " : "") +
                     "http(s)://[user@]host:port[/path] of any Confluent-compatible registry",
                 [embedded](const std::string& text) -> std::string {
                     const auto place = RegistryPlace::parse(text);
                     if (!place) return place.error();
                     if (place->kind == RegistryPlace::Kind::embedded && !embedded) {
                         return "an embedded registry serves one process: run `nearline registry` beside it and give "
                                "http://host:8081";
                     }
                     return "";
                 });
    settings.add("--registry-ca FILE", "NEARLINE_REGISTRY_CA", options.ca_file,
                 "certificates (PEM) that an https:// registry is checked with, in place of the system's");
    settings.secret("REGISTRY_PASSWORD", options.password, "password of the registry's user");
}

void declare(Settings& settings, UsersOptions& options) {
    settings.group("Users");
    settings.add(
        "--users WHERE", "NEARLINE_USERS", options.users,
        "users: sqlite:FILE, or mysql://user@host:3306/database[?ssl-mode=off|required|verified][&ssl-ca=FILE]",
        auth::check_user_store_url);
    settings.secret("MYSQL_PASSWORD", options.mysql_password, "password of the MySQL user");
}

stream::TopicOptions TopicsOptions::topic_options() const {
    stream::TopicOptions options;
    options.partitions = partitions;
    options.replication_factor = replication_factor;
    options.retention = retention;
    if (retention_bytes > 0) options.retention_bytes = static_cast<std::int64_t>(retention_bytes);
    return options;
}

void declare(Settings& settings, TopicsOptions& options) {
    settings.group("Topics");
    settings.add("--input-topic NAME", "INPUT_KAFKA_TOPIC", options.input_topic, "topic that requests travel on",
                 check_name);
    settings.add("--output-topic NAME", "OUTPUT_KAFKA_TOPIC", options.output_topic, "topic that predictions travel on",
                 check_name);
    settings.add("--model-name NAME", "NEARLINE_MODEL_NAME", options.model_name,
                 "the model that these topics belong to; part of the names of consumer groups", check_name);
    settings.add("--group-prefix NAME", "NEARLINE_GROUP_PREFIX", options.group_prefix,
                 "consumer groups are <prefix>-<role>-<model>", check_name);
    settings.add("--partitions", "NEARLINE_PARTITIONS", options.partitions,
                 "partitions of topics that are missing and therefore made", {1, 10'000});
    settings.add("--replication-factor", "NEARLINE_REPLICATION_FACTOR", options.replication_factor,
                 "copies of each partition of topics it makes; min.insync.replicas is one less, at least 1", {1, 100});
    settings.add("--retention", "NEARLINE_RETENTION", options.retention,
                 "how long topics that it makes keep records; 0: for ever", {0, 3'650 * day});
    settings.add_size("--retention-bytes", "NEARLINE_RETENTION_BYTES", options.retention_bytes,
                      "and how much, for each of their partitions; the oldest records go first; 0: any amount",
                      {0, 1UL << 50});
    settings.check([&options]() -> std::vector<std::string> {
        if (options.input_topic != options.output_topic) return {};
        return {"--input-topic and --output-topic: are the same topic, " + options.input_topic};
    });
}

void declare_stuck_after(Settings& settings, std::chrono::milliseconds& stuck_after) {
    settings.add("--stuck-after", "NEARLINE_STUCK_AFTER", stuck_after,
                 "records taken that have not ended for so long, while nothing is missing, make /healthz 503, so that "
                 "the process is restarted; 0: never",
                 {0, day});
}

void declare_jwt_secret(Settings& settings, std::optional<std::string>& secret, bool required) {
    settings.secret("JWT_SECRET", secret, "signs tokens, the same for all services; 32 bytes or more",
                    [](const std::string& value) { return wrong_with([&] { token::require_strong_secret(value); }); });
    if (!required) return;
    settings.check([&secret]() -> std::vector<std::string> {
        if (secret) return {};
        return {
            "JWT_SECRET: is missing; make one with `openssl rand -hex 32` and give it, or a file with it as "
            "JWT_SECRET_FILE, to every service"};
    });
}

}  // namespace nearline::app
