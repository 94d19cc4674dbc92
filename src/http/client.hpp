#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "http/event_loop.hpp"
#include "http/message.hpp"

namespace nearline::http {

struct ClientRequest {
    /// Constructors, as GCC 12 destroys an aggregate twice that is a temporary in a co_await expression.
    ClientRequest() = default;
    ClientRequest(std::string m, std::string t) : method(std::move(m)), target(std::move(t)) {}
    ClientRequest(std::string m, std::string t, Headers h, std::string b = {})
        : method(std::move(m)), target(std::move(t)), headers(std::move(h)), body(std::move(b)) {}

    std::string method = "GET";
    std::string target = "/";  ///< path and query
    Headers headers{};
    std::string body{};
    std::chrono::milliseconds timeout{2'000};  ///< for all of it
};

/// Requests to one server, http://host[:port][/base], over kept connections. For the loop's thread.
/// Throws Unavailable when there is no answer in time; a request is tried again on a fresh connection
/// only where the kept one was closed before a byte of the answer. Redirects are answers like others.
class Client {
public:
    /// Throws std::invalid_argument for a URL that is none, or https. At `max_connections` requests wait
    /// for each other; an answer with more than `max_body` bytes counts as none.
    Client(EventLoop& loop, const std::string& url, std::size_t max_connections = 64, std::size_t max_body = 16 << 20);
    ~Client();

    /// Throws std::invalid_argument for a method, target or header that can't stand in a request.
    boost::asio::awaitable<Response> send(ClientRequest request);

private:
    std::shared_ptr<class ClientPool> pool_;
};

/// One request, blocking, for the command line. `url` is the whole URL, the request's target is not used.
/// Throws as Client does.
Response fetch(const std::string& url, ClientRequest request);

/// Keeps one connection to a server, blocking, for the command line's many requests. Throws as Client
/// does. For one thread at a time.
class BlockingClient {
public:
    explicit BlockingClient(const std::string& url);
    ~BlockingClient();
    Response send(const ClientRequest& request);

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace nearline::http
