#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "http/event_loop.hpp"
#include "http/message.hpp"
#include "runtime/health.hpp"
#include "runtime/metrics.hpp"

namespace nearline::http {

/// Answers a request on the loop's thread; must not block. What it throws becomes 503 (Unavailable) or
/// 500, without the details of the exception in the answer.
using Handler = std::function<boost::asio::awaitable<Response>(const Request&)>;

struct Route {
    std::string method;   ///< GET also answers HEAD
    std::string pattern;  ///< "/users/{name}/password"; a {name} matches one non-empty segment
    Handler handler;
    std::string summary{};       ///< a sentence, for /openapi.json and the index
    std::string content_type{};  ///< what a body must be, else 415; empty: anything
};

/// Routes as a table. Gives 404 (with the paths there are, when it is short), 405 with Allow, 415.
class Router {
public:
    Router() = default;
    Router(std::initializer_list<Route> routes);
    void add(Route route);
    void add(const Router& others);
    const std::vector<Route>& routes() const noexcept { return routes_; }

    struct Match {
        const Route* route = nullptr;
        std::map<std::string, std::string> params{};
        std::vector<std::string> allowed{};  ///< for 405; both empty: 404
    };
    Match match(std::string_view method, std::string_view path) const;

private:
    std::vector<Route> routes_;
};

/// GET /healthz, /readyz, /metrics, as every service has them.
Router operations_routes(const Health& health, const Metrics& metrics);

struct ServerOptions {
    std::string service;  ///< name in logs and metrics: "gateway"
    std::string address = "127.0.0.1";
    int port = 0;                    ///< 0: any free one
    std::size_t max_body = 1 << 20;  ///< bytes; more is 413
    std::size_t max_header = 16 << 10;
    int max_connections = 10'000;
    std::chrono::milliseconds header_timeout{10'000};  ///< from the first byte to the end of the header
    std::chrono::milliseconds body_timeout{30'000};
    std::chrono::milliseconds idle_timeout{75'000};  ///< between requests of a kept connection
    std::chrono::milliseconds write_timeout{30'000};
    std::vector<std::string> trusted_proxies{};  ///< addresses whose X-Forwarded-For counts
};

/// HTTP/1.1 on Beast, strict: what RFC 9112 calls ambiguous (obs-fold, no Host or two, Transfer-Encoding
/// that is not exactly "chunked" or comes with HTTP/1.0 or with Content-Length, a repeated
/// Content-Length, …) is 400 and the connection closes. After 413 the rest is read and thrown away (16
/// MiB or 2 s at most). Every request gets a request id and X-Request-Id on its answer.
class Server {
public:
    /// Binds at once; throws std::runtime_error that names the address and says who may be in the way.
    Server(EventLoop& loop, ServerOptions options, Router router, Metrics& metrics);
    ~Server();

    int port() const noexcept;
    std::string url() const;  ///< http://127.0.0.1:1958

    void start();
    /// Stops accepting, closes idle connections, lets running requests end until the deadline; answers
    /// carry Connection: close. Blocks; not from the loop's thread.
    void drain(std::chrono::steady_clock::time_point deadline);
    /// Closes what is left. Blocks; not from the loop's thread.
    void stop();

private:
    struct Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace nearline::http
