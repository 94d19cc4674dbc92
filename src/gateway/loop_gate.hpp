#pragma once

#include <functional>
#include <memory>

#include "http/event_loop.hpp"

namespace nearline::gateway {

/// The way of other threads to the loop's thread, which can be closed: what was posted may use what it
/// likes of an object that closes the gate before it goes. Copies are the same gate.
class LoopGate {
public:
    explicit LoopGate(http::EventLoop& loop) : state_(std::make_shared<State>(State{loop})) {}

    /// Any thread. Does nothing once the gate is closed.
    void post(std::function<void()> function) const;

    /// Runs the function on the loop's thread and waits for it. False where the loop does not run. Not
    /// from the loop's thread.
    bool run(const std::function<void()>& function) const;

    /// Nothing that was posted runs any more when it returns. Not from the loop's thread.
    void close() const;

private:
    struct State {
        http::EventLoop& loop;
        bool closed = false;  // the loop's thread
    };
    std::shared_ptr<State> state_;
};

}  // namespace nearline::gateway
