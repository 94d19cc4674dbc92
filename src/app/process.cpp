#include "app/process.hpp"

#include <csignal>
#include <iostream>

#include "http/listen_check.hpp"
#include "runtime/log.hpp"

/// jemalloc's settings (jemalloc(3), TUNING); MALLOC_CONF in the environment goes before them. Blocks of 256 KiB and
/// more go back to the system as soon as they are free: large bodies would else leave their memory with a process at
/// rest.
extern "C" const char* malloc_conf;
const char* malloc_conf = "oversize_threshold:262144";

namespace nearline::app {
namespace {

std::string cant_listen(const std::string& service, const std::string& why, const std::string& port_flag) {
    return service + ": " + why + " (set by --listen and " + port_flag + ")";
}

}  // namespace

int guarded(const std::string& program, const std::function<int()>& run) {
    try {
        return run();
    } catch (const ConfigurationError& e) {
        std::cerr << program << ": " << e.what() << '\n';
        return 2;
    } catch (const std::exception& e) {
        std::cerr << program << ": " << e.what() << '\n';
        return 1;
    }
}

int load_and_serve(Settings& settings, int argc, const char* const* argv, const ProcessOptions& process,
                   const std::function<int()>& serve) {
    if (const auto code = settings.load(argc, argv)) return *code;
    block_signals();
    apply(process);
    return serve();
}

int show_usage(const std::string& program, const std::string& given, const std::string& usage) {
    const bool asked = given == "--help" || given == "-h";
    if (!asked && !given.empty()) std::cerr << program << ": there is no \"" << given << "\"\n";
    (asked ? std::cout : std::cerr) << usage;
    return asked ? 0 : 2;
}

void Process::fail(const std::string& part, const std::string& why) {
    {
        const std::scoped_lock lock(mutex_);
        if (why_.empty()) why_ = part + ": " + why;
    }
    stop.request();
}

std::string Process::why_failed() const {
    const std::scoped_lock lock(mutex_);
    return why_;
}

void ReadyGate::part_ready() {
    {
        const std::scoped_lock lock(mutex_);
        if (--waiting_for_ != 0) return;
    }
    health_.started();
    log::info("ready");
    on_ready_();
}

std::unique_ptr<http::Server> make_server(http::EventLoop& loop, Process& process, const std::string& service,
                                          const ListenOptions& options, int port, const std::string& port_flag,
                                          http::Router router,
                                          const std::function<http::Response(const Problem&)>& write_problem) {
    router.add(http::operations_routes(process.health, process.metrics));
    http::ServerOptions server;
    server.service = service;
    server.address = options.address;
    server.port = port;
    server.max_body = options.max_body;
    server.max_connections = options.max_connections;
    server.trusted_proxies = options.trusted_proxies;
    server.write_problem = write_problem;
    try {
        return std::make_unique<http::Server>(loop, server, std::move(router), process.metrics);
    } catch (const std::runtime_error& e) {
        throw std::runtime_error(cant_listen(service, e.what(), port_flag));
    }
}

void check_ports(const ListenOptions& options, const std::vector<ServerPlace>& places) {
    std::vector<int> ports;
    ports.reserve(places.size());
    for (const auto& place : places) ports.push_back(place.port);
    const auto faults = http::check_ports(options.address, ports);
    std::string text;
    for (std::size_t i = 0; i < places.size(); ++i) {
        if (faults[i].empty()) continue;
        text += (text.empty() ? "" : "\n") + cant_listen(places[i].service, faults[i], places[i].port_flag);
    }
    if (!text.empty()) throw std::runtime_error(text);
}

Lifecycle::Part server_part(http::Server& server, const std::string& name) {
    return {name, [&server] { server.start(); }, [&server](auto deadline) { server.drain(deadline); },
            [&server] { server.stop(); }};
}

int run(Process& process, Lifecycle& lifecycle, const ProcessOptions& options, const std::function<void()>& announce) {
    lifecycle.start();
    announce();
    const int signal = wait_for_signal(process.stop);
    process.health.draining();
    if (signal != 0) log::info("stopping", {{"signal", signal == SIGINT ? "SIGINT" : "SIGTERM"}});
    lifecycle.stop(options.drain_time);
    if (!process.failed()) {
        log::info("stopped");
        return 0;
    }
    log::error("stopped, since it could not go on", {{"reason", process.why_failed()}});
    return 1;
}

}  // namespace nearline::app
