#include "cli/progress.hpp"

#include <algorithm>

namespace nearline::cli {

std::string progress_line(std::size_t done, std::size_t total, long ended, long failed) {
    std::string line;
    if (total > 0) {
        constexpr std::size_t width = 30;
        const std::size_t filled = std::min(done, total) * width / total;
        line = "[" + std::string(filled, '=') + (filled < width ? ">" : "") +
               std::string(filled < width ? width - filled - 1 : 0, ' ') + "] ";
        const auto percent = std::to_string(std::min(done, total) * 100 / total);
        line += std::string(3 - percent.size(), ' ') + percent + " %  ";
    }
    line += std::to_string(ended - failed) + " predicted";
    if (failed > 0) line += ", " + std::to_string(failed) + " failed";
    return line;
}

void Progress::update(std::size_t done, long ended, long failed) {
    if (!line_.is_shown()) return;
    const auto now = std::chrono::steady_clock::now();
    if (now < next_) return;
    next_ = now + std::chrono::milliseconds(100);
    line_.show(progress_line(done, total_, ended, failed));
}

void Progress::clear() {
    line_.clear();
    next_ = SteadyTime();
}

}  // namespace nearline::cli
