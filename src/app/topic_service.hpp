#pragma once

#include <memory>
#include <optional>
#include <string>

#include "app/connections.hpp"
#include "app/operations_part.hpp"
#include "app/options.hpp"
#include "app/process.hpp"
#include "schema/registry.hpp"
#include "stream/stream.hpp"
#include "token/jwt.hpp"

/// What the services have in common that take records from a topic, and speak HTTP with operators alone.
namespace nearline::app {

struct TopicServiceOptions {
    StreamOptions stream{.stream = "kafka://localhost:9092"};
    RegistryOptions registry{.registry = "http://localhost:8081"};
    TopicsOptions topics;
    ListenOptions listen{.address = "0.0.0.0"};
    int port = 0;  ///< for operators
    ProcessOptions process;
    std::chrono::milliseconds stuck_after{60'000};
    std::optional<std::string> jwt_secret;
};
/// `port_env` and `port` are the operators' port's environment variable and default.
void declare(Settings& settings, TopicServiceOptions& options, const std::string& port_env, int port);

/// Such a service but for its part: make the part with what is here, then run() it.
class TopicService {
public:
    /// Binds the port, waits for no server; throws ConfigurationError. `options` must outlive it.
    TopicService(const TopicServiceOptions& options, const std::string& client_id);

    Process process;
    ReadyGate ready{process.health, 1};
    const std::string stream_name;
    const std::unique_ptr<stream::Stream> stream;
    const std::unique_ptr<schema::Registry> registry;

    /// Until a signal comes or the part can't go on; the exit code.
    template <class Part>
    int run(Part& part) {
        Lifecycle lifecycle;
        operations_.add_to(lifecycle);
        part.add_to(lifecycle);
        return app::run(process, lifecycle, options_.process);
    }

private:
    const TopicServiceOptions& options_;
    std::optional<token::Jwt> jwt_;
    OperationsPart operations_;
};

}  // namespace nearline::app
