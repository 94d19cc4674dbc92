#include "prediction/resolver.hpp"

#include <algorithm>

#include "runtime/backoff.hpp"

namespace nearline::prediction {
namespace {

/// The resolver was told to stop while the registry was away.
struct Stopped {};

}  // namespace

Resolver::Resolver(schema::TopicCodec& codec, Health& health, std::string dependency, std::function<void()> on_resolved)
    : codec_(codec),
      health_(health),
      dependency_(std::move(dependency)),
      on_resolved_(std::move(on_resolved)),
      thread_([this] { run(); }) {}

Resolver::~Resolver() {
    stop();
}

void Resolver::ask(Job& job) {
    {
        const std::scoped_lock lock(mutex_);
        waiting_.push_back(&job);
    }
    changed_.notify_one();
}

std::vector<Resolver::Resolved> Resolver::take() {
    const std::scoped_lock lock(mutex_);
    return std::exchange(resolved_, {});
}

std::vector<Job*> Resolver::give_back_abandoned() {
    const std::scoped_lock lock(mutex_);
    const auto first =
        std::stable_partition(waiting_.begin(), waiting_.end(), [](Job* job) { return !job->abandoned; });
    std::vector<Job*> back(first, waiting_.end());
    waiting_.erase(first, waiting_.end());
    return back;
}

void Resolver::stop() noexcept {
    stop_.request();
    {
        const std::scoped_lock lock(mutex_);
        ends_ = true;
    }
    changed_.notify_one();
    if (thread_.joinable()) thread_.join();
}

void Resolver::run() {
    std::unique_lock lock(mutex_);
    for (;;) {
        changed_.wait(lock, [this] { return ends_ || !waiting_.empty(); });
        if (ends_) return;
        auto* job = waiting_.front();
        waiting_.pop_front();
        lock.unlock();
        try {
            auto decoded = decode(*job);
            lock.lock();
            resolved_.push_back({job, std::move(decoded)});
        } catch (const Stopped&) {
            return;
        }
        lock.unlock();
        on_resolved_();
        lock.lock();
    }
}

schema::TopicCodec::Decoded Resolver::decode(const Job& job) {
    Backoff backoff;
    for (;;) {
        try {
            auto decoded = codec_.decode(job.source.value);
            if (backoff.failures() > 0) health_.up(dependency_);
            return decoded;
        } catch (const std::exception& error) {
            if (stop_.requested()) throw Stopped();
            health_.down(dependency_, error.what());
        }
        if (stop_.wait_for(backoff.next())) throw Stopped();
    }
}

}  // namespace nearline::prediction
