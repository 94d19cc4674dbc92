#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "domain/time.hpp"
#include "prediction/job.hpp"
#include "runtime/backoff.hpp"
#include "runtime/health.hpp"
#include "schema/topic_codec.hpp"

namespace nearline::prediction {

/// Decodes the records whose schema the registry has to be asked for, on a thread of its own, so that
/// the others do not wait for it. While the registry is away it is tried again, with backoff: nothing is
/// rejected because nobody could be asked.
class Resolver {
public:
    enum class Patience {
        one_question,   ///< what it does not decide stays open; not even that while the registry is away
        until_certain,  ///< while it waits, others are asked for
    };
    struct Resolved {
        Job* job;
        std::optional<schema::TopicCodec::Decoded> decoded;  ///< nothing: one question did not tell
    };
    /// `on_resolved` is called on the resolver's thread when there is something to take.
    Resolver(schema::TopicCodec& codec, Health& health, std::string dependency, std::function<void()> on_resolved);
    ~Resolver();
    Resolver(const Resolver&) = delete;
    Resolver& operator=(const Resolver&) = delete;

    /// The job must live until it is taken or given back.
    void ask(Job& job, Patience patience);
    std::vector<Resolved> take();
    /// How many it asks for until it is certain.
    std::size_t waiting() const;
    /// Gives back abandoned jobs that it is not busy with.
    std::vector<Job*> give_back_abandoned();
    /// Ends the thread; blocks as long as one question to the registry takes. What was not resolved stays
    /// with its owner.
    void stop() noexcept;

private:
    void run();
    /// A job that the registry has to be asked for until it is certain.
    struct Waiting {
        Job* job;
        schema::TopicCodec::Wait wait;
    };
    bool wait_for_work(std::unique_lock<std::mutex>& lock);
    void ask_first(std::unique_lock<std::mutex>& lock);
    void ask_next(std::unique_lock<std::mutex>& lock);
    void ask_for_itself(std::unique_lock<std::mutex>& lock);
    std::optional<schema::TopicCodec::Decoded> ask_registry(const std::optional<std::string>& value,
                                                            schema::TopicCodec::Wait& wait);
    void give(std::unique_lock<std::mutex>& lock, Resolved resolved);

    schema::TopicCodec& codec_;
    Health& health_;
    const std::string dependency_;
    const std::function<void()> on_resolved_;
    // For its thread alone.
    Backoff backoff_;
    SteadyTime next_try_{};   // while the registry is away
    std::string unanswered_;  // a frame of the id that it was asked for last, without an answer; empty: it is not away

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Job*> first_;                       // with one question
    std::multimap<SteadyTime, Waiting> others_{};  // by when they are due
    std::vector<Resolved> resolved_;
    bool ends_ = false;
    std::thread thread_;
};

}  // namespace nearline::prediction
