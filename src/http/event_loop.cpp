#include "http/event_loop.hpp"

#include <exception>

#include "runtime/log.hpp"
#include "runtime/thread_name.hpp"

namespace nearline::http {

EventLoop::EventLoop(std::string name) : name_(std::move(name)) {}

EventLoop::~EventLoop() {
    stop();
}

void EventLoop::start() {
    if (thread_.joinable()) return;
    work_.emplace(context_.get_executor());
    context_.restart();
    thread_ = std::thread([this] {
        // The kernel keeps 15 characters of a thread's name.
        name_this_thread(name_);
        for (;;) {
            try {
                context_.run();
                return;
            } catch (const std::exception& error) {
                // Every connection and handler catches its own; one that slipped through must not end
                // the service for everyone else.
                log::error("exception on the event loop", {{"loop", name_}, {"error", error.what()}});
            }
        }
    });
}

void EventLoop::stop() {
    work_.reset();
    context_.stop();
    if (thread_.joinable()) thread_.join();
}

}  // namespace nearline::http
