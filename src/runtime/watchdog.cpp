#include "runtime/watchdog.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "runtime/thread_name.hpp"

namespace nearline {
namespace {

using namespace std::chrono_literals;

constexpr auto nothing = std::numeric_limits<SteadyTime::rep>::max();

SteadyTime::rep pack(std::optional<SteadyTime> time) noexcept {
    return time ? time->time_since_epoch().count() : nothing;
}

std::optional<SteadyTime> unpack(SteadyTime::rep time) noexcept {
    return time == nothing ? std::nullopt : std::optional(SteadyTime(SteadyTime::duration(time)));
}

}  // namespace

Watchdog::Watchdog(Health& health, std::string part, std::set<std::string> needs, std::chrono::milliseconds patience)
    : health_(health),
      part_(std::move(part)),
      needs_(std::move(needs)),
      patience_(patience),
      oldest_(nothing),
      turned_(nothing) {}

void Watchdog::start() {
    thread_ = std::thread([this] { run(); });
}

void Watchdog::stop() {
    stop_.request();
    if (thread_.joinable()) thread_.join();
}

void Watchdog::holds(std::optional<SteadyTime> oldest) noexcept {
    oldest_ = pack(oldest);
}

void Watchdog::turns(std::optional<SteadyTime> now) noexcept {
    turned_ = pack(now);
}

bool Watchdog::is_excused() const {
    const auto missing = health_.missing();
    return std::any_of(needs_.begin(), needs_.end(), [&](const auto& name) { return missing.contains(name); });
}

void Watchdog::run() {
    name_this_thread("watchdog");
    ProgressJudge judge(patience_);
    const auto pause = std::clamp<std::chrono::milliseconds>(patience_ / 10, 10ms, 1'000ms);
    do {
        const ProgressJudge::State state{
            .oldest = unpack(oldest_), .turned = unpack(turned_), .is_excused = is_excused()};
        health_.stuck(judge.look(state, std::chrono::steady_clock::now()), part_);
    } while (!stop_.wait_for(pause));
    health_.stuck("", part_);
}

}  // namespace nearline
