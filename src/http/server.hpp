#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "http/event_loop.hpp"
#include "http/router.hpp"
#include "runtime/metrics.hpp"

namespace nearline::http {

struct ServerOptions {
    std::string service;  ///< name in logs and metrics: "gateway"
    std::string address = "127.0.0.1";
    int port = 0;                    ///< 0: any free one
    std::size_t max_body = 1 << 20;  ///< bytes; more is 413
    std::size_t max_header = 16 << 10;
    /// Open at once. When it is reached, a new connection takes the place of the one that has waited longest without
    /// sending a request's whole header; while none has waited for `min_idle`, it waits unaccepted.
    int max_connections = 10'000;
    std::chrono::milliseconds min_idle{1'000};         ///< less is the pause of a client that is at work
    std::chrono::milliseconds header_timeout{10'000};  ///< from connecting, or the first byte, to the header's end: 408
    std::chrono::milliseconds body_timeout{30'000};    ///< for the whole body: 408
    std::chrono::milliseconds idle_timeout{75'000};    ///< between requests of a kept connection
    std::chrono::milliseconds write_timeout{30'000};   ///< for the whole answer; a reader slower than that is cut off
    std::vector<std::string> trusted_proxies{};        ///< addresses and networks whose X-Forwarded-For counts
    /// How the server's own refusals (404, 405, 413, 500, …) are written, where clients expect another form.
    std::function<Response(const Problem&)> write_problem = to_response;
};

/// HTTP/1.1 on Beast, strict: what RFC 9112 calls ambiguous (obs-fold, no Host or two, Transfer-Encoding
/// that is not exactly "chunked" or comes with HTTP/1.0 or with Content-Length, a repeated
/// Content-Length, …) is 400 and the connection closes. After 413 the rest is read and thrown away (16
/// MiB or 2 s at most). Every request gets a request id and X-Request-Id on its answer.
class Server {
public:
    /// Binds at once: clients can connect, and are served from start() on. `metrics`, and what the
    /// handlers use, must outlive it. Throws std::runtime_error that names the address and says who may
    /// be in the way, std::invalid_argument for a bad trusted proxy.
    Server(EventLoop& loop, ServerOptions options, Router router, Metrics& metrics);
    /// As stop().
    ~Server();

    int port() const noexcept;
    std::string url() const;  ///< http://127.0.0.1:1958

    void start();
    /// Stops accepting (who has connected already is still served) and lets running requests end until
    /// the deadline. Answers carry Connection: close; a kept connection gets a moment (half a second at
    /// most) in which a request that is on its way is still answered, then it is closed. Returns as soon
    /// as nobody is left. Blocks; not from the loop's thread.
    void drain(std::chrono::steady_clock::time_point deadline);
    /// Closes what is left and cancels handlers' waits; no handler runs any more when it returns, unless
    /// one waits for what can't be cancelled for more than five seconds (then the log says so). Blocks;
    /// not from the loop's thread. Call it before the loop is stopped.
    void stop();

private:
    struct Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace nearline::http
