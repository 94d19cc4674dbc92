#include "gateway/job_thread.hpp"

#include <exception>

#include "runtime/log.hpp"
#include "runtime/thread_name.hpp"

namespace nearline::gateway {

void JobThread::start() {
    thread_ = std::thread([this] { run(); });
}

void JobThread::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
    const std::lock_guard lock(mutex_);
    jobs_.clear();
}

void JobThread::post_after(std::chrono::milliseconds time, Job job) {
    {
        const std::lock_guard lock(mutex_);
        if (stopping_) return;
        jobs_.emplace(std::chrono::steady_clock::now() + time, std::move(job));
    }
    changed_.notify_all();
}

bool JobThread::stopping() const {
    const std::lock_guard lock(mutex_);
    return stopping_;
}

void JobThread::run() {
    name_this_thread(name_);
    std::unique_lock lock(mutex_);
    while (!stopping_) {
        if (jobs_.empty()) {
            changed_.wait(lock);
            continue;
        }
        const auto next = jobs_.begin();
        if (const SteadyTime due = next->first; due > std::chrono::steady_clock::now()) {
            changed_.wait_until(lock, due);
            continue;
        }
        const Job job = std::move(next->second);
        jobs_.erase(next);
        lock.unlock();
        try {
            job();
        } catch (const std::exception& error) {
            log::error("a background job failed", {{"thread", name_}, {"error", error.what()}});
        }
        lock.lock();
    }
}

}  // namespace nearline::gateway
