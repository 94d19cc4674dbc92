#include "stream/sink_lag.hpp"

#include <algorithm>

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
    seconds_.set(oldest_ ? std::max(0.0, static_cast<double>(now_ms() - *oldest_) / 1e3) : 0);
}

}  // namespace nearline::stream
