#pragma once

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>
#include <thread>

#include "http/server.hpp"
#include "runtime/metrics.hpp"
#include "unit/http/raw_client.hpp"

namespace nearline::test {

/// A real server on a free port with a few routes.
class ServerTest : public ::testing::Test {
protected:
    static http::Response text(std::string body) { return {200, {{"Content-Type", "text/plain"}}, std::move(body)}; }
    static http::Router routes() {
        using boost::asio::awaitable;
        using http::Request;
        using http::Response;
        return {
            {"GET", "/hello", [](const Request&) -> awaitable<Response> { co_return text("hello\n"); }},
            {"POST", "/echo", [](const Request& request) -> awaitable<Response> { co_return text(request.body); }},
            {"POST", "/json",
             [](const Request& request) -> awaitable<Response> { co_return http::json_response(200, request.body); },
             "", "application/json"},
            {"GET", "/who",
             [](const Request& request) -> awaitable<Response> {
                 co_return text(request.remote_address + " " + request.request_id);
             }},
            {"GET", "/own-id",
             [](const Request&) -> awaitable<Response> {
                 co_return Response{200, {{"X-Request-Id", "mine"}}, ""};
             }},
            {"GET", "/users/{name}",
             [](const Request& request) -> awaitable<Response> { co_return text(request.params.at("name")); }},
            {"GET", "/slow",
             [](const Request& request) -> awaitable<Response> {
                 const auto time = request.query.find("ms");
                 boost::asio::steady_timer timer(
                     co_await boost::asio::this_coro::executor,
                     std::chrono::milliseconds(time == request.query.end() ? 200 : std::stoi(time->second)));
                 co_await timer.async_wait(boost::asio::use_awaitable);
                 co_return text("slept\n");
             }},
            {"GET", "/large",
             [](const Request&) -> awaitable<Response> { co_return text(std::string(32 << 20, 'x')); }},
            {"GET", "/throws",
             [](const Request&) -> awaitable<Response> {
                 throw std::runtime_error("secret detail");
                 co_return Response{};
             }},
            {"GET", "/unavailable",
             [](const Request&) -> awaitable<Response> {
                 throw Unavailable("the broker at 10.0.0.1");
                 co_return Response{};
             }},
        };
    }

    void start(http::ServerOptions options = {}) {
        options.service = "test";
        server_ = std::make_unique<http::Server>(loop_, std::move(options), routes(), metrics_);
        server_->start();
        loop_.start();
    }

    int port() const { return server_->port(); }
    int open_connections() {
        return static_cast<int>(metrics_.gauge("nearline_http_connections", "", {{"service", "test"}}).value());
    }
    /// Waits until so many connections are open.
    bool wait_for_connections(int count) {
        for (int i = 0; i < 2000 && open_connections() != count; ++i)
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        return open_connections() == count;
    }

    Metrics metrics_;
    http::EventLoop loop_{"test"};
    std::unique_ptr<http::Server> server_;
};

}  // namespace nearline::test
