#include "app/consumer_options.hpp"

#include "stream/dead_letter.hpp"

namespace nearline::app {

void fill_in(stream::ConsumerLoop::Options& loop, const std::string& role, const std::string& topic,
             const TopicsOptions& topics, const std::string& stream_name, Process& process, ReadyGate& ready) {
    loop.topic = topic;
    loop.role = role;
    loop.retry_topic = stream::retry_topic(topic, role);
    loop.group = topics.group(role);
    loop.topic_options = topics.topic_options();
    loop.stuck_after = process.stuck_after;
    loop.stream_dependency = stream_name;
    loop.on_ready = [&ready] { ready.part_ready(); };
    loop.on_fatal = [&process, role](const std::string& why) { process.fail(role, why); };
}

}  // namespace nearline::app
