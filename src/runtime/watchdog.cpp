#include "runtime/watchdog.hpp"

#include <algorithm>
#include <limits>
#include <pthread.h>
#include <utility>

namespace nearline {
namespace {

using namespace std::chrono_literals;

constexpr auto nothing = std::numeric_limits<SteadyTime::rep>::max();

}  // namespace

Watchdog::Watchdog(Health& health, std::string part, std::chrono::milliseconds patience)
    : health_(health), part_(std::move(part)), patience_(patience), oldest_(nothing) {}

void Watchdog::start() {
    thread_ = std::thread([this] { run(); });
}

void Watchdog::stop() {
    stop_.request();
    if (thread_.joinable()) thread_.join();
}

void Watchdog::holds(std::optional<SteadyTime> oldest) noexcept {
    oldest_ = oldest ? oldest->time_since_epoch().count() : nothing;
}

void Watchdog::run() {
    pthread_setname_np(pthread_self(), "watchdog");
    ProgressJudge judge(patience_);
    const auto pause = std::clamp<std::chrono::milliseconds>(patience_ / 10, 10ms, 1'000ms);
    do {
        const auto oldest = oldest_.load();
        const auto since = oldest == nothing ? std::nullopt : std::optional(SteadyTime(SteadyTime::duration(oldest)));
        health_.stuck(judge.look(since, !health_.missing().empty(), std::chrono::steady_clock::now()), part_);
    } while (!stop_.wait_for(pause));
    health_.stuck("", part_);
}

}  // namespace nearline
