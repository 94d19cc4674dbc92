#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include "domain/time.hpp"

namespace nearline::gateway {

/// One thread for what blocks, one job after the other by the time each is due. post() and post_after()
/// are for any thread.
class JobThread {
public:
    explicit JobThread(std::string name) : name_(std::move(name)) {}
    /// As stop().
    ~JobThread() { stop(); }
    JobThread(const JobThread&) = delete;
    JobThread& operator=(const JobThread&) = delete;

    using Job = std::function<void()>;
    void start();
    /// Lets the job that runs end, drops the others. Not from one of its jobs.
    void stop();
    /// What a job throws is logged.
    void post(Job job) { post_after(std::chrono::milliseconds(0), std::move(job)); }
    void post_after(std::chrono::milliseconds time, Job job);
    /// For a job that takes long: whether it should give up.
    bool stopping() const;

private:
    void run();

    std::string name_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::multimap<SteadyTime, Job> jobs_;
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace nearline::gateway
