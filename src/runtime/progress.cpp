#include "runtime/progress.hpp"

#include <algorithm>

namespace nearline {

std::string ProgressJudge::look(std::optional<SteadyTime> oldest, bool is_excused, SteadyTime now) {
    if (is_excused) excused_ = now;
    if (!oldest || is_excused || patience_.count() == 0) return "";
    const auto since = excused_ ? std::max(*oldest, *excused_) : *oldest;
    if (now - since < patience_) return "";
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now - *oldest).count();
    return "records that were taken " + std::to_string(seconds) +
           " s ago have not ended, and nothing that it needs is missing";
}

}  // namespace nearline
