#pragma once

#include <atomic>
#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <thread>

#include "domain/time.hpp"
#include "runtime/health.hpp"
#include "runtime/progress.hpp"
#include "runtime/stop.hpp"

namespace nearline {

/// Calls Health::stuck() while a worker's thread makes no progress, on a thread of its own: heartbeats and polls
/// keep a member of a group alive whatever else hangs.
class Watchdog {
public:
    /// `part` names the worker: "prediction". `needs`: the dependencies, by their names in Health, without which it can
    /// make none. `patience` as ProgressJudge's. `health` must outlive it.
    Watchdog(Health& health, std::string part, std::set<std::string> needs, std::chrono::milliseconds patience);
    /// As stop().
    ~Watchdog() { stop(); }
    Watchdog(const Watchdog&) = delete;
    Watchdog& operator=(const Watchdog&) = delete;

    void start();
    /// Takes back what it said.
    void stop();

    /// The worker says since when it has had the oldest of what has not ended; nothing: it has nothing. Said
    /// before the work begins, it holds for as long as that takes. Any thread.
    void holds(std::optional<SteadyTime> oldest) noexcept;
    /// The worker's thread came round now, and will again within the patience; nothing: not so from now on, as it
    /// waits for something, or ends. Any thread.
    void turns(std::optional<SteadyTime> now) noexcept;

private:
    void run();
    bool is_excused() const;

    Health& health_;
    const std::string part_;
    const std::set<std::string> needs_;
    const std::chrono::milliseconds patience_;
    std::atomic<SteadyTime::rep> oldest_;
    std::atomic<SteadyTime::rep> turned_;
    StopToken stop_;
    std::thread thread_;
};

}  // namespace nearline
