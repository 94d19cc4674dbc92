#include "app/archive_part.hpp"
#include "app/connections.hpp"
#include "app/gateway_part.hpp"
#include "app/options.hpp"
#include "app/process.hpp"

namespace nearline::app {
namespace {

struct Options {
    StreamOptions stream;
    RegistryOptions registry;
    TopicsOptions topics;
    GatewayOptions gateway;
    ArchiveOptions archive;
    ListenOptions listen;
    int port = 1958;
    ProcessOptions process;
    std::optional<std::string> jwt_secret;
};

int serve(const Options& options) {
    Process process;
    ReadyGate ready(process.health, 1);
    const auto stream = open_stream(options.stream, "nearline-gateway", process.metrics);
    const auto registry = open_registry(options.registry, process.metrics);
    const auto archive = open_archive_reader(options.archive);
    auto gateway_options = options.gateway;
    gateway_options.archive_keep = options.archive.keep();
    GatewayPart gateway(process, ready, gateway_options, options.topics, stream_dependency(options.stream), *stream,
                        *registry, *options.jwt_secret, options.listen, options.port, "--port", archive.get());
    Lifecycle lifecycle;
    gateway.add_to(lifecycle);
    return run(process, lifecycle, options.process);
}

int main(int argc, const char* const* argv) {
    Options options;
    options.stream.stream = "kafka://localhost:9092";
    options.registry.registry = "http://localhost:8081";
    options.listen.address = "0.0.0.0";
    Settings settings(
        "gateway-svc",
        "Takes requests for predictions over HTTP, puts them on the input topic and answers with what comes back on "
        "the output topic. Part of Nearline; any number of them share the work.");
    declare(settings, options.listen);
    declare_port(settings, "--port", "NEARLINE_GATEWAY_PORT", options.port, "port to listen on");
    declare(settings, options.gateway, true);
    declare(settings, options.archive, ArchiveRole::reader);
    declare(settings, options.stream, false);
    declare(settings, options.registry, false);
    declare(settings, options.topics);
    declare(settings, options.process);
    declare_jwt_secret(settings, options.jwt_secret, true);
    return load_and_serve(settings, argc, argv, options.process, [&] { return serve(options); });
}

}  // namespace
}  // namespace nearline::app

int main(int argc, char** argv) {
    return nearline::app::guarded("gateway-svc", [&] { return nearline::app::main(argc, argv); });
}
