#include "stream/embedded/in_flight.hpp"

namespace nearline::stream::embedded {

void InFlight::taken() {
    const std::scoped_lock lock(mutex_);
    ++taken_;
}

void InFlight::reported() {
    {
        const std::scoped_lock lock(mutex_);
        ++reported_;
    }
    changed_.notify_all();
}

std::size_t InFlight::count() const {
    const std::scoped_lock lock(mutex_);
    return static_cast<std::size_t>(taken_ - reported_);
}

bool InFlight::wait(std::chrono::milliseconds time) const {
    std::unique_lock lock(mutex_);
    // Reports come in the order of taking.
    return changed_.wait_for(lock, time, [this, until = taken_] { return reported_ >= until; });
}

}  // namespace nearline::stream::embedded
