#include "prediction/resolver.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace nearline::prediction {
namespace {

SteadyTime now() {
    return std::chrono::steady_clock::now();
}

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

void Resolver::ask(Job& job, Patience patience) {
    {
        const std::scoped_lock lock(mutex_);
        (patience == Patience::one_question ? first_ : others_).push_back(&job);
    }
    changed_.notify_one();
}

std::vector<Resolver::Resolved> Resolver::take() {
    const std::scoped_lock lock(mutex_);
    return std::exchange(resolved_, {});
}

std::vector<Job*> Resolver::give_back_abandoned() {
    const std::scoped_lock lock(mutex_);
    std::vector<Job*> back;
    for (auto* waiting : {&first_, &others_}) {
        const auto given =
            std::stable_partition(waiting->begin(), waiting->end(), [](Job* job) { return !job->abandoned; });
        back.insert(back.end(), given, waiting->end());
        waiting->erase(given, waiting->end());
    }
    return back;
}

void Resolver::stop() noexcept {
    {
        const std::scoped_lock lock(mutex_);
        ends_ = true;
    }
    changed_.notify_one();
    if (thread_.joinable()) thread_.join();
}

/// False: it ends.
bool Resolver::wait_for_work(std::unique_lock<std::mutex>& lock) {
    while (!ends_ && first_.empty() && (others_.empty() || now() < next_try_)) {
        if (others_.empty()) {
            changed_.wait(lock);
        } else {
            changed_.wait_until(lock, next_try_);
        }
    }
    return !ends_;
}

void Resolver::run() {
    std::unique_lock lock(mutex_);
    while (wait_for_work(lock)) {
        const auto patience = first_.empty() ? Patience::until_certain : Patience::one_question;
        auto& waiting = first_.empty() ? others_ : first_;
        auto* job = waiting.front();
        waiting.pop_front();
        lock.unlock();
        auto resolved = resolve(*job, patience);
        lock.lock();
        if (!resolved) {
            others_.push_front(job);
            continue;
        }
        resolved_.push_back(*std::move(resolved));
        lock.unlock();
        on_resolved_();
        lock.lock();
    }
}

/// Nothing: it has to be asked for again.
std::optional<Resolver::Resolved> Resolver::resolve(Job& job, Patience patience) {
    const auto& value = job.source.value;
    const bool asks_once = patience == Patience::one_question;
    if (asks_once && now() < next_try_) return Resolved{&job, codec_.decode_cached(value)};
    try {
        Resolved resolved{&job, asks_once ? codec_.decode_at_once(value) : codec_.decode(value)};
        if (backoff_.failures() > 0) health_.up(dependency_);
        backoff_.reset();
        return resolved;
    } catch (const std::exception& error) {
        next_try_ = now() + backoff_.next();
        health_.down(dependency_, error.what());
    }
    if (asks_once) return Resolved{&job, std::nullopt};
    return std::nullopt;
}

}  // namespace nearline::prediction
