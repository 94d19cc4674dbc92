#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <memory>
#include <optional>
#include <string>
#include <thread>

namespace nearline::http {

/// One thread that runs an io_context: servers, clients and timers of one service. All that runs on it
/// needs no locks between itself; nothing on it may block. More throughput comes from more processes.
class EventLoop {
public:
    explicit EventLoop(std::string name);
    /// Stops and joins.
    ~EventLoop();
    EventLoop(const EventLoop&) = delete;
    EventLoop& operator=(const EventLoop&) = delete;

    boost::asio::io_context& context() noexcept { return context_; }
    boost::asio::io_context::executor_type executor() noexcept { return context_.get_executor(); }
    void start();
    /// Ends the thread once the handler that runs now has returned; what still waits is dropped when the
    /// loop is destroyed. Not from the loop's own thread.
    void stop();
    /// Whether the thread runs, so that what is posted will be done.
    bool running() const noexcept { return thread_.joinable() && !context_.stopped(); }

private:
    std::string name_;
    boost::asio::io_context context_{1};
    std::optional<boost::asio::executor_work_guard<boost::asio::io_context::executor_type>> work_;
    std::thread thread_;
};

}  // namespace nearline::http
