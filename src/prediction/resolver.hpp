#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "prediction/job.hpp"
#include "runtime/health.hpp"
#include "runtime/stop.hpp"
#include "schema/topic_codec.hpp"

namespace nearline::prediction {

/// Decodes the records whose schema the registry has to be asked for, on a thread of its own, so that
/// the others do not wait for it. While the registry is away it tries again, with backoff: nothing is
/// rejected because nobody could be asked.
class Resolver {
public:
    struct Resolved {
        Job* job;
        schema::TopicCodec::Decoded decoded;
    };
    /// `on_resolved` is called on the resolver's thread when there is something to take.
    Resolver(schema::TopicCodec& codec, Health& health, std::string dependency, std::function<void()> on_resolved);
    ~Resolver();
    Resolver(const Resolver&) = delete;
    Resolver& operator=(const Resolver&) = delete;

    /// The job must live until it is taken or given back.
    void ask(Job& job);
    std::vector<Resolved> take();
    /// Gives back abandoned jobs that it has not begun with.
    std::vector<Job*> give_back_abandoned();
    /// Ends the thread; blocks as long as one question to the registry takes. What was not resolved stays
    /// with its owner.
    void stop() noexcept;

private:
    void run();
    schema::TopicCodec::Decoded decode(const Job& job);

    schema::TopicCodec& codec_;
    Health& health_;
    const std::string dependency_;
    const std::function<void()> on_resolved_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Job*> waiting_;
    std::vector<Resolved> resolved_;
    bool ends_ = false;
    StopToken stop_;
    std::thread thread_;
};

}  // namespace nearline::prediction
