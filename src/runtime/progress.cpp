#include "runtime/progress.hpp"

#include <algorithm>

namespace nearline {
namespace {

std::string seconds(SteadyTime::duration time) {
    return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(time).count()) + " s";
}

}  // namespace

std::string ProgressJudge::look(const State& state, SteadyTime now) {
    // Who did not look for so long was stopped itself, and with it the worker.
    const bool was_stopped = looked_ && now - *looked_ > patience_ / 2;
    looked_ = now;
    if (state.is_excused || was_stopped) excused_ = now;
    if (state.is_excused || patience_.count() == 0) return "";
    const std::string because = ", and nothing that it needs is missing";
    if (is_over(state.oldest, now))
        return "records that were taken " + seconds(now - *state.oldest) + " ago have not ended" + because;
    if (is_over(state.turned, now)) return "its thread has hung for " + seconds(now - *state.turned) + because;
    return "";
}

bool ProgressJudge::is_over(std::optional<SteadyTime> since, SteadyTime now) const {
    return since && now - (excused_ ? std::max(*since, *excused_) : *since) >= patience_;
}

}  // namespace nearline
