#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace nearline {

/// A wish to stop that threads can sleep on. Thread-safe.
class StopToken {
public:
    void request() noexcept;
    bool requested() const noexcept;
    /// Sleeps, but no longer than until the wish comes; true if it has come.
    bool wait_for(std::chrono::milliseconds time) const;

private:
    mutable std::mutex mutex_;
    mutable std::condition_variable changed_;
    bool requested_ = false;
};

/// Starts parts in order and stops them in reverse. A part that fails to start stops those before it.
/// Used by main alone; not thread-safe.
class Lifecycle {
public:
    struct Part {
        std::string name;
        std::function<void()> start = [] {};
        /// First round of stopping, in reverse order: take no new work, end what is under way until the deadline.
        std::function<void(std::chrono::steady_clock::time_point deadline)> drain = [](auto) {};
        /// Second round, in reverse order: free everything. Must not throw.
        std::function<void()> stop = [] {};
    };
    void add(Part part);

    /// Starts all; throws what a part's start threw, after stopping the ones before it.
    void start();
    /// Drains and stops all that were started, once; later calls do nothing.
    void stop(std::chrono::milliseconds drain_time);
    ~Lifecycle() { stop(std::chrono::milliseconds(0)); }

private:
    std::vector<Part> parts_;
    std::size_t started_ = 0;
};

/// Waits for SIGINT or SIGTERM and gives the signal's number. Call block_signals() in main before any
/// thread starts. A second signal during the drain, more than a second after the first, ends the
/// process at once with 128 + its number.
void block_signals();
int wait_for_signal();
/// As wait_for_signal, but also returns (0) when `stop` is requested by the process itself.
int wait_for_signal(const StopToken& stop);

}  // namespace nearline
