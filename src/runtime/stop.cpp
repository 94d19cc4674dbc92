#include "runtime/stop.hpp"

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <ctime>
#include <exception>
#include <pthread.h>
#include <unistd.h>

#include "runtime/log.hpp"

namespace nearline {

void StopToken::request() noexcept {
    {
        const std::scoped_lock lock(mutex_);
        requested_ = true;
    }
    changed_.notify_all();
}

bool StopToken::requested() const noexcept {
    const std::scoped_lock lock(mutex_);
    return requested_;
}

bool StopToken::wait_for(std::chrono::milliseconds time) const {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, time, [this] { return requested_; });
}

void Lifecycle::add(Part part) {
    parts_.push_back(std::move(part));
}

void Lifecycle::start() {
    try {
        for (; started_ < parts_.size(); ++started_) parts_[started_].start();
    } catch (...) {
        stop(std::chrono::milliseconds(0));
        throw;
    }
}

void Lifecycle::stop(std::chrono::milliseconds drain_time) {
    const auto deadline = std::chrono::steady_clock::now() + drain_time;
    for (std::size_t i = started_; i-- > 0;) {
        try {
            parts_[i].drain(deadline);
        } catch (const std::exception& e) {
            log::error("could not drain", {{"part", parts_[i].name}, {"reason", e.what()}});
        }
    }
    while (started_ > 0) parts_[--started_].stop();
}

namespace {

sigset_t stop_signals() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    return signals;
}

/// timeout(1), shells and supervisors that pass on what the terminal has sent already send one wish twice.
constexpr std::int64_t one_wish_ms = 1'000;
std::atomic<std::int64_t> wished_at_ms;
static_assert(std::atomic<std::int64_t>::is_always_lock_free, "a signal handler reads it");

std::int64_t monotonic_ms() noexcept {
    timespec time{};
    clock_gettime(CLOCK_MONOTONIC, &time);
    return std::int64_t{time.tv_sec} * 1'000 + time.tv_nsec / 1'000'000;
}

extern "C" void end_at_once(int signal) {
    if (monotonic_ms() - wished_at_ms >= one_wish_ms) _exit(128 + signal);
}

// From here on the same signals end the process: whoever asks twice means it.
void end_at_the_next_signal() {
    wished_at_ms = monotonic_ms();
    struct sigaction action {};
    action.sa_handler = end_at_once;
    action.sa_flags = SA_RESTART;
    sigaction(SIGINT, &action, nullptr);
    sigaction(SIGTERM, &action, nullptr);
    const auto signals = stop_signals();
    pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
}

}  // namespace

void block_signals() {
    const auto signals = stop_signals();
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    // A peer that is gone is an error of the write, not the end of the process.
    std::signal(SIGPIPE, SIG_IGN);
}

int wait_for_signal() {
    const auto signals = stop_signals();
    int signal = 0;
    while (sigwait(&signals, &signal) != 0) {
    }
    end_at_the_next_signal();
    return signal;
}

int wait_for_signal(const StopToken& stop) {
    const auto signals = stop_signals();
    // A token can't wake sigtimedwait(): looking ten times a second costs nothing that can be measured.
    const timespec pause{0, 100'000'000};
    while (!stop.requested()) {
        const int signal = sigtimedwait(&signals, nullptr, &pause);
        if (signal > 0) {
            end_at_the_next_signal();
            return signal;
        }
    }
    end_at_the_next_signal();
    return 0;
}

}  // namespace nearline
