#include "app/topic_service.hpp"

namespace nearline::app {

namespace {

std::optional<token::Jwt> make_jwt(const std::optional<std::string>& secret) {
    return secret ? std::optional<token::Jwt>(std::in_place, *secret) : std::nullopt;
}

}  // namespace

void declare(Settings& settings, TopicServiceOptions& options, const std::string& port_env, int port) {
    declare(settings, options.stream, false);
    declare(settings, options.registry, false);
    declare(settings, options.topics);
    declare(settings, options.listen);
    options.port = port;
    declare_port(settings, "--admin-port", port_env, options.port,
                 "port for /healthz, /readyz, /metrics and, where JWT_SECRET is given, the admin API");
    declare(settings, options.process);
    declare_stuck_after(settings, options.stuck_after);
    declare_jwt_secret(settings, options.jwt_secret, false);
}

TopicService::TopicService(const TopicServiceOptions& options, const std::string& client_id)
    : process(options.stuck_after),
      stream_name(stream_dependency(options.stream)),
      stream(open_stream(options.stream, client_id, process.metrics)),
      registry(open_registry(options.registry, process.metrics)),
      options_(options),
      jwt_(make_jwt(options.jwt_secret)),
      operations_(process, *stream, jwt_ ? &*jwt_ : nullptr, options.listen, options.port, "--admin-port") {}

}  // namespace nearline::app
