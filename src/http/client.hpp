#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <memory>
#include <string>

#include "http/event_loop.hpp"
#include "http/message.hpp"

namespace nearline::http {

struct ClientRequest {
    std::string method = "GET";
    std::string target = "/";  ///< path and query
    Headers headers{};
    std::string body{};
    std::chrono::milliseconds timeout{2'000};  ///< for all of it
};

/// Requests to one server, http://host[:port][/base], over kept connections. For the loop's thread.
/// Throws Unavailable when there is no answer in time; a request is tried again on a fresh connection
/// only where the kept one was closed before a byte of the answer.
class Client {
public:
    /// Throws std::invalid_argument for a URL that is none.
    Client(EventLoop& loop, std::string url, std::size_t max_connections = 64, std::size_t max_body = 16 << 20);
    ~Client();
    boost::asio::awaitable<Response> send(ClientRequest request);

private:
    struct Impl;
    std::shared_ptr<Impl> impl_;
};

/// One request, blocking, for the command line. `url` is the whole URL.
Response fetch(const std::string& url, ClientRequest request);

/// Keeps one connection to a server, blocking, for the command line's many requests.
class BlockingClient {
public:
    explicit BlockingClient(std::string url);
    ~BlockingClient();
    Response send(const ClientRequest& request);

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace nearline::http
