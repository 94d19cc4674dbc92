#include "prediction/resolver.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "runtime/thread_name.hpp"
#include "schema/framing.hpp"

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
        if (patience == Patience::one_question) {
            first_.push_back(&job);
        } else {
            others_.emplace(now(), Waiting{&job, {}});
        }
    }
    changed_.notify_one();
}

std::vector<Resolver::Resolved> Resolver::take() {
    const std::scoped_lock lock(mutex_);
    return std::exchange(resolved_, {});
}

std::size_t Resolver::waiting() const {
    const std::scoped_lock lock(mutex_);
    return others_.size();
}

std::vector<Job*> Resolver::give_back_abandoned() {
    const std::scoped_lock lock(mutex_);
    std::vector<Job*> back;
    std::erase_if(first_, [&](Job* job) {
        if (job->abandoned) back.push_back(job);
        return job->abandoned;
    });
    std::erase_if(others_, [&](const auto& other) {
        if (other.second.job->abandoned) back.push_back(other.second.job);
        return other.second.job->abandoned;
    });
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

void Resolver::run() {
    name_this_thread("schema-resolver");
    std::unique_lock lock(mutex_);
    while (wait_for_work(lock)) {
        if (!first_.empty()) {
            ask_first(lock);
        } else if (!others_.empty()) {
            ask_next(lock);
        } else {
            ask_for_itself(lock);
        }
    }
}

/// False: it ends.
bool Resolver::wait_for_work(std::unique_lock<std::mutex>& lock) {
    while (!ends_ && first_.empty()) {
        if (others_.empty() && unanswered_.empty()) {
            changed_.wait(lock);
            continue;
        }
        const auto due = others_.empty() ? next_try_ : std::max(others_.begin()->first, next_try_);
        if (due <= now()) break;
        changed_.wait_until(lock, due);
    }
    return !ends_;
}

void Resolver::ask_first(std::unique_lock<std::mutex>& lock) {
    auto* job = first_.front();
    first_.pop_front();
    lock.unlock();
    std::optional<schema::TopicCodec::Decoded> decoded;
    if (now() < next_try_) {
        decoded = codec_.decode_cached(job->source.value);
    } else {
        schema::TopicCodec::Wait wait;
        decoded = ask_registry(job->source.value, wait);
    }
    give(lock, {job, std::move(decoded)});
}

void Resolver::ask_next(std::unique_lock<std::mutex>& lock) {
    auto [job, wait] = others_.begin()->second;
    others_.erase(others_.begin());
    lock.unlock();
    auto decoded = ask_registry(job->source.value, wait);
    if (decoded) return give(lock, {job, std::move(decoded)});
    lock.lock();
    others_.emplace(wait.until, Waiting{job, wait});
}

/// Nothing else might ask any more: whoever is told that the registry is away hears here that it is back.
void Resolver::ask_for_itself(std::unique_lock<std::mutex>& lock) {
    lock.unlock();
    schema::TopicCodec::Wait wait;
    ask_registry(unanswered_, wait);
    lock.lock();
}

/// Nothing: the registry is away, or its no may still change.
std::optional<schema::TopicCodec::Decoded> Resolver::ask_registry(const std::optional<std::string>& value,
                                                                  schema::TopicCodec::Wait& wait) {
    try {
        auto decoded = codec_.decode_once(value, wait);
        if (backoff_.failures() > 0) health_.up(dependency_);
        backoff_.reset();
        unanswered_.clear();
        return decoded;
    } catch (const std::exception& error) {
        next_try_ = now() + backoff_.next();
        if (const auto named = schema::unframe(value.value_or(""))) unanswered_ = schema::frame(named->schema_id, "");
        health_.down(dependency_, error.what());
    }
    return std::nullopt;
}

void Resolver::give(std::unique_lock<std::mutex>& lock, Resolved resolved) {
    lock.lock();
    resolved_.push_back(std::move(resolved));
    lock.unlock();
    on_resolved_();
    lock.lock();
}

}  // namespace nearline::prediction
