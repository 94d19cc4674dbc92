#include "stream/stream_watch.hpp"

#include <chrono>
#include <utility>

#include "domain/problem.hpp"
#include "runtime/log.hpp"
#include "runtime/thread_name.hpp"

namespace nearline::stream {
namespace {

using namespace std::chrono_literals;

constexpr auto patience = 1'500ms;
constexpr auto while_up = 1'000ms;
constexpr auto while_down = 200ms;

}  // namespace

StreamWatch::StreamWatch(Stream& stream, Health& health, Options options)
    : stream_(stream), health_(health), options_(std::move(options)), admin_(stream.admin(patience)) {}

StreamWatch::~StreamWatch() {
    stop();
}

void StreamWatch::start() {
    thread_ = std::thread([this] { run(); });
}

void StreamWatch::expect(const std::map<std::string, TopicInfo>& topics) {
    const std::scoped_lock lock(mutex_);
    for (const auto& [name, info] : topics) expected_[name] = info.id;
}

std::set<std::string> StreamWatch::made_anew() {
    const std::scoped_lock lock(mutex_);
    return std::exchange(made_anew_, {});
}

void StreamWatch::stop() {
    stop_.request();
    if (thread_.joinable()) thread_.join();
}

void StreamWatch::run() {
    name_this_thread("stream-watch");
    while (!stop_.requested()) stop_.wait_for(look());
}

/// Gives the time until the next one.
std::chrono::milliseconds StreamWatch::look() {
    std::string why;
    const auto before = options_.stored();
    if (before == seen_) why = stream_.ping(patience);
    std::string missing;
    try {
        if (why.empty()) missing = missing_topics();
    } catch (const Unavailable& error) {
        why = error.what();
    }
    // What was stored before it was asked says nothing of now.
    seen_ = options_.stored();
    if (seen_ != before) why.clear();
    options_.on_look(why);
    if (why.empty()) why = missing;
    if (why.empty()) {
        health_.up(options_.dependency, options_.witness);
    } else {
        health_.down(options_.dependency, why, options_.witness);
    }
    return why.empty() ? while_up : while_down;
}

std::string StreamWatch::missing_topics() {
    std::map<std::string, std::string> expected;
    {
        const std::scoped_lock lock(mutex_);
        expected = expected_;
    }
    std::string why;
    for (auto& [name, id] : expected) {
        const auto topic = admin_->topic(name);
        if (!topic) {
            why += (why.empty() ? "topic " : ", topic ") + name + " does not exist";
        } else if (topic->id != id) {
            const bool is_another = !id.empty();
            {
                const std::scoped_lock lock(mutex_);
                expected_[name] = topic->id;
                if (is_another) made_anew_.insert(name);
            }
            if (!is_another) continue;
            log::warning("topic was deleted and made anew", {{"topic", name}, {"witness", options_.witness}});
            options_.on_made_anew();
        }
    }
    return why;
}

}  // namespace nearline::stream
