#include <iostream>

#include "app/commands.hpp"
#include "app/data_folder.hpp"
#include "app/options.hpp"
#include "app/process.hpp"
#include "app/registry_part.hpp"
#include "runtime/data_lock.hpp"

namespace nearline::app {

int serve_registry(int argc, const char* const* argv) {
    DataFolder data;
    ListenOptions listen;
    listen.address = "127.0.0.1";
    int port = 8081;
    ProcessOptions process_options;
    Settings settings(
        "nearline registry",
        "Serves the embedded schema registry alone, with the Confluent REST API, for separate services and any "
        "client of such a registry. It asks nobody who they are: keep it among your own.");
    settings.group("Data");
    settings.add("--data DIR", "NEARLINE_DATA", data.path, "folder to keep the schemas in");
    declare(settings, listen);
    declare_port(settings, "--port", "NEARLINE_REGISTRY_PORT", port, "port to listen on");
    declare(settings, process_options);
    if (const auto code = settings.load(argc, argv)) return *code;
    block_signals();
    apply(process_options);

    DataLock lock(data.path, "nearline registry");
    Process process;
    RegistryPart part(process, data.path, listen, port, "--port");
    Lifecycle lifecycle;
    part.add_to(lifecycle);
    return run(process, lifecycle, process_options, [&] {
        lock.publish({{"registry", part.url()}});
        process.health.started();
        std::cout << "The schema registry is up at " << part.url() << "; Ctrl-C stops it.\n" << std::flush;
    });
}

}  // namespace nearline::app
