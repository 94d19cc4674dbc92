#include "stream/sink_lag.hpp"

#include <algorithm>
#include <chrono>

#include "domain/time.hpp"

namespace nearline::stream {

void SinkLag::holds(std::optional<std::int64_t> oldest) {
    const std::scoped_lock lock(mutex_);
    oldest_ = oldest;
    set();
}

void SinkLag::show() {
    const std::scoped_lock lock(mutex_);
    set();
}

void SinkLag::set() const {
    const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(wall_now().time_since_epoch()).count();
    seconds_.set(oldest_ ? std::max(0.0, static_cast<double>(now - *oldest_) / 1e3) : 0);
}

}  // namespace nearline::stream
