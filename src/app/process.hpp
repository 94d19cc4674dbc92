#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

#include "app/options.hpp"
#include "http/server.hpp"
#include "runtime/health.hpp"
#include "runtime/metrics.hpp"
#include "runtime/settings.hpp"
#include "runtime/stop.hpp"

/// What all programs do alike: begin, wait for a signal, end.
namespace nearline::app {

/// A setting whose fault shows only when it is used: exit code 2, as for those found while loading.
class ConfigurationError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// Runs a program's main part and turns what it throws into a last line on standard error and an exit
/// code: 2 for ConfigurationError, 1 for all else.
int guarded(const std::string& program, const std::function<int()>& run);

/// A service whose settings are declared: reads them, gets ready for signals and its log, then serves; the exit code.
/// `process` is read after the settings have been.
int load_and_serve(Settings& settings, int argc, const char* const* argv, const ProcessOptions& process,
                   const std::function<int()>& serve);

/// Of a program that is run with a command, where `given` is none of them: the usage, on standard output and with exit
/// code 0 where it was asked for (--help), else on standard error and with 2.
int show_usage(const std::string& program, const std::string& given, const std::string& usage);

/// What the parts of one process share.
class Process {
public:
    Process() = default;
    explicit Process(std::chrono::milliseconds stuck) : stuck_after(stuck) {}

    Metrics metrics{};
    Health health{metrics};
    StopToken stop{};  ///< a part can't go on
    /// Workers that make no progress for so long are stuck; 0: never.
    std::chrono::milliseconds stuck_after{60'000};

    /// A part that can't go on says so: the process ends, with 1. Thread-safe, as are the others.
    void fail(const std::string& part, const std::string& why);
    bool failed() const noexcept { return stop.requested(); }
    /// The first of them, and why.
    std::string why_failed() const;

private:
    mutable std::mutex mutex_;
    std::string why_;
};

/// Tells Health that the process has started when each of its parts has. Thread-safe.
class ReadyGate {
public:
    /// `on_ready` is called when all are, on the thread of the last.
    ReadyGate(
        Health& health, int parts, std::function<void()> on_ready = [] {})
        : health_(health), waiting_for_(parts), on_ready_(std::move(on_ready)) {}
    void part_ready();

private:
    Health& health_;
    std::mutex mutex_;
    int waiting_for_;
    std::function<void()> on_ready_;
};

/// A server whose port is named by its flag where it can't be had. GET /healthz, /readyz and /metrics are
/// added to its routes. `write_problem` is as in http::ServerOptions.
std::unique_ptr<http::Server> make_server(
    http::EventLoop& loop, Process& process, const std::string& service, const ListenOptions& options, int port,
    const std::string& port_flag, http::Router router,
    const std::function<http::Response(const Problem&)>& write_problem = http::to_response);

/// A server that is about to be made.
struct ServerPlace {
    std::string service;
    int port;
    std::string port_flag;
};
/// Throws std::runtime_error that names every port which can't be had, with its flag: make_server() would stop at the
/// first.
void check_ports(const ListenOptions& options, const std::vector<ServerPlace>& places);

/// Its part in a Lifecycle: starts it, drains it, stops it.
Lifecycle::Part server_part(http::Server& server, const std::string& name);

/// Starts all, runs `announce`, waits for SIGINT, SIGTERM or a part's failure, and stops all in order.
/// The exit code.
int run(
    Process& process, Lifecycle& lifecycle, const ProcessOptions& options,
    const std::function<void()>& announce = [] {});

}  // namespace nearline::app
