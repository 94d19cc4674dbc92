#include "gateway/loop_gate.hpp"

#include <boost/asio/post.hpp>
#include <chrono>
#include <future>
#include <utility>

namespace nearline::gateway {

void LoopGate::post(std::function<void()> function) const {
    boost::asio::post(state_->loop.executor(), [state = state_, function = std::move(function)] {
        if (!state->closed) function();
    });
}

bool LoopGate::run(const std::function<void()>& function) const {
    const auto done = std::make_shared<std::promise<void>>();
    auto finished = done->get_future();
    boost::asio::post(state_->loop.executor(), [function, done] {
        function();
        done->set_value();
    });
    constexpr std::chrono::milliseconds step(10);
    while (state_->loop.running()) {
        if (finished.wait_for(step) == std::future_status::ready) return true;
    }
    return false;
}

void LoopGate::close() const {
    const bool runs = run([state = state_] { state->closed = true; });
    if (!runs) state_->closed = true;
}

}  // namespace nearline::gateway
