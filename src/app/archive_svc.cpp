#include "app/archive_part.hpp"
#include "app/connections.hpp"
#include "app/folder_locks.hpp"
#include "app/operations_part.hpp"
#include "app/options.hpp"
#include "app/process.hpp"

namespace nearline::app {
namespace {

struct Options {
    StreamOptions stream;
    RegistryOptions registry;
    TopicsOptions topics;
    ArchiveOptions archive;
    ListenOptions listen;
    int port = 9102;
    ProcessOptions process;
    std::chrono::milliseconds stuck_after{60'000};
    std::optional<std::string> jwt_secret;
};

int serve(const Options& options) {
    FolderLocks locks;
    locks.hold_file(options.archive.archive);
    Process process{.stuck_after = options.stuck_after};
    ReadyGate ready(process.health, 1);
    const auto stream = open_stream(options.stream, "nearline-archive", process.metrics);
    const auto registry = open_registry(options.registry, process.metrics);
    std::optional<token::Jwt> jwt;
    if (options.jwt_secret) jwt.emplace(*options.jwt_secret);
    OperationsPart operations(process, *stream, jwt ? &*jwt : nullptr, options.listen, options.port, "--admin-port");
    ArchivePart archive(process, ready, options.archive, options.topics, stream_dependency(options.stream), *stream,
                        *registry);
    warn_of_replication(options.stream, options.topics);
    Lifecycle lifecycle;
    operations.add_to(lifecycle);
    archive.add_to(lifecycle);
    return run(process, lifecycle, options.process);
}

int main(int argc, const char* const* argv) {
    Options options;
    options.stream.stream = "kafka://localhost:9092";
    options.registry.registry = "http://localhost:8081";
    options.archive.archive = "mongodb://localhost:27017/nearline";
    options.listen.address = "0.0.0.0";
    Settings settings("archive-svc",
                      "Brings predictions from the output topic into a database, each once. Part of Nearline; any "
                      "number of them share the work.");
    declare(settings, options.stream, false);
    declare(settings, options.registry, false);
    declare(settings, options.topics);
    declare(settings, options.archive, ArchiveRole::writer);
    declare(settings, options.listen);
    declare_port(settings, "--admin-port", "NEARLINE_ARCHIVE_PORT", options.port,
                 "port for /healthz, /readyz, /metrics and, where JWT_SECRET is given, the admin API");
    declare(settings, options.process);
    declare_stuck_after(settings, options.stuck_after);
    declare_jwt_secret(settings, options.jwt_secret, false);
    if (const auto code = settings.load(argc, argv)) return *code;
    block_signals();
    apply(options.process);
    return serve(options);
}

}  // namespace
}  // namespace nearline::app

int main(int argc, char** argv) {
    return nearline::app::guarded("archive-svc", [&] { return nearline::app::main(argc, argv); });
}
