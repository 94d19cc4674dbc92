#include "stream/embedded/watch.hpp"

#include <algorithm>

#include "runtime/thread_name.hpp"

namespace nearline::stream::embedded {

Watch::Watch(std::function<std::optional<SteadyTime>(SteadyTime)> check)
    : check_(std::move(check)), thread_([this] { run(); }) {}

Watch::~Watch() {
    stop();
}

void Watch::stop() {
    {
        const std::scoped_lock lock(mutex_);
        stop_ = true;
    }
    changed_.notify_one();
    if (thread_.joinable()) thread_.join();
}

void Watch::look_at(SteadyTime time) {
    {
        const std::scoped_lock lock(mutex_);
        if (time >= next_) return;
        next_ = time;
    }
    changed_.notify_one();
}

void Watch::run() {
    name_this_thread("log-watch");
    std::unique_lock lock(mutex_);
    while (!stop_) {
        if (next_ == SteadyTime::max()) {
            changed_.wait(lock);
            continue;
        }
        const auto now = std::chrono::steady_clock::now();
        if (now < next_) {
            changed_.wait_until(lock, next_);
            continue;
        }
        next_ = SteadyTime::max();
        lock.unlock();
        const auto again = check_(now);
        lock.lock();
        if (again) next_ = std::min(next_, *again);
    }
}

}  // namespace nearline::stream::embedded
