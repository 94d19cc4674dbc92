#include <iostream>

#include "app/commands.hpp"
#include "app/data_folder.hpp"
#include "app/options.hpp"
#include "app/process.hpp"
#include "app/registry_part.hpp"
#include "runtime/data_lock.hpp"

namespace nearline::app {

namespace {

struct Options {
    DataFolder data;
    ListenOptions listen{.address = "127.0.0.1"};
    int port = 8081;
    ProcessOptions process;
};

int serve(const Options& options) {
    DataLock lock(options.data.path, "nearline registry");
    Process process;
    RegistryPart part(process, options.data.path, options.listen, options.port, "--port");
    Lifecycle lifecycle;
    part.add_to(lifecycle);
    return run(process, lifecycle, options.process, [&] {
        lock.publish({{"registry", part.url()}});
        process.health.started();
        std::cout << "The schema registry is up at " << part.url() << "; Ctrl-C stops it.\n" << std::flush;
    });
}

}  // namespace

int serve_registry(int argc, const char* const* argv) {
    Options options;
    Settings settings(
        "nearline registry",
        "Serves the embedded schema registry alone, with the Confluent REST API, for separate services and any "
        "client of such a registry. It asks nobody who they are: keep it among your own.");
    settings.group("Data");
    settings.add("--data DIR", "NEARLINE_DATA", options.data.path, "folder to keep the schemas in");
    declare(settings, options.listen);
    declare_port(settings, "--port", "NEARLINE_REGISTRY_PORT", options.port, "port to listen on");
    declare(settings, options.process);
    return load_and_serve(settings, argc, argv, options.process, [&] { return serve(options); });
}

}  // namespace nearline::app
