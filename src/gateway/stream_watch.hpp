#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include "gateway/job_thread.hpp"
#include "gateway/loop_gate.hpp"
#include "runtime/health.hpp"
#include "stream/stream.hpp"

namespace nearline::gateway {

/// Knows whether the stream answers, so that requests can be refused at once, with nothing stored, instead
/// of waiting for a delivery that will not come. Asks once a second, on a thread of its own; records being
/// stored meanwhile are an answer too.
class StreamWatch {
public:
    /// `stored`: the number of records stored so far.
    StreamWatch(stream::Stream& stream, LoopGate gate, Health& health, std::string name,
                std::function<std::uint64_t()> stored);

    void start();
    void stop() { thread_.stop(); }

    /// Why it is down; empty while it is up. The loop's thread.
    const std::string& down() const noexcept { return down_; }

private:
    void look();

    stream::Stream& stream_;
    LoopGate gate_;
    Health& health_;
    std::string name_;
    std::function<std::uint64_t()> stored_;
    std::uint64_t seen_ = 0;  // its own thread
    std::string down_;        // the loop's thread
    JobThread thread_{"gw-watch"};
};

}  // namespace nearline::gateway
