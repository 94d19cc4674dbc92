#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>

#include "runtime/health.hpp"
#include "runtime/stop.hpp"
#include "stream/stream.hpp"

namespace nearline::stream {

/// Tells Health whether the stream answers and whether the topics are there that a part needs, also while
/// there is nothing to read or to write. Asks once a second (five times a second while it is away), on a
/// thread of its own.
class StreamWatch {
public:
    struct Options {
        std::string dependency = "stream";  ///< its name in Health
        std::string witness{};              ///< of this watch; see Health::up()
        /// Records stored so far: while it rises, that is an answer too, and nobody asks.
        std::function<std::uint64_t()> stored = [] { return std::uint64_t{0}; };
        /// Once it has looked: why the stream does not answer; empty: it does. Every time; on its thread.
        std::function<void(const std::string& why)> on_look = [](const auto&) {};
        /// A topic was deleted and made anew since it was seen last: see made_anew(). On its thread.
        std::function<void()> on_made_anew = [] {};
    };

    /// `stream` and `health` must outlive it.
    StreamWatch(Stream& stream, Health& health, Options options);
    /// As stop().
    ~StreamWatch();
    StreamWatch(const StreamWatch&) = delete;
    StreamWatch& operator=(const StreamWatch&) = delete;

    void start();
    /// From now on these have to be there, as ensure_topics() gave them. Any thread.
    void expect(const std::map<std::string, TopicInfo>& topics);
    /// The topics that were made anew since the last call. Handles that worked with the ones before have to be made
    /// anew as well: Kafka's clients keep for good what they knew of leaders, epochs and offsets. Any thread.
    std::set<std::string> made_anew();
    /// Can take as long as a question to the stream, some seconds. Not from its thread.
    void stop();

private:
    void run();
    std::chrono::milliseconds look();
    /// Those that do not exist; throws Unavailable.
    std::string missing_topics();

    Stream& stream_;
    Health& health_;
    const Options options_;
    const std::unique_ptr<Admin> admin_;
    StopToken stop_;
    std::mutex mutex_;
    std::map<std::string, std::string> expected_;  // topic -> the id that it had when it was seen last
    std::set<std::string> made_anew_;
    std::uint64_t seen_ = 0;  // its own thread
    std::thread thread_;
};

}  // namespace nearline::stream
