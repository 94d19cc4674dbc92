#include "stream/ensure_topics.hpp"

#include <chrono>

#include "domain/problem.hpp"
#include "runtime/backoff.hpp"
#include "runtime/log.hpp"

namespace nearline::stream {
namespace {

constexpr std::chrono::milliseconds admin_timeout{5'000};
/// A cluster may take a moment to show a topic that it has just made.
constexpr std::chrono::milliseconds look_again{50};
constexpr int looks = 100;

bool has_one_copy(const Admin& admin, const WantedTopic& topic) {
    return topic.options.replication_factor == 1 && admin.keeps_copies();
}

/// `lone`: gets the name of a topic that was made with one copy.
TopicInfo ensure_topic(Admin& admin, const WantedTopic& wanted, const StopToken& stop, std::vector<std::string>& lone) {
    if (const auto info = admin.topic(wanted.name)) {
        if (info->partitions != wanted.options.partitions) {
            log::info(
                "topic exists with another number of partitions, and is left as it is",
                {{"topic", wanted.name}, {"partitions", info->partitions}, {"wanted", wanted.options.partitions}});
        }
        return *info;
    }
    if (admin.create_topic(wanted.name, wanted.options)) {
        log::info("made topic", {{"topic", wanted.name},
                                 {"partitions", wanted.options.partitions},
                                 {"replication_factor", wanted.options.replication_factor}});
        if (has_one_copy(admin, wanted)) lone.push_back(wanted.name);
    }
    for (int look = 0; look < looks && !stop.requested(); ++look) {
        if (const auto info = admin.topic(wanted.name)) return *info;
        stop.wait_for(look_again);
    }
    throw Unavailable("topic " + wanted.name + " was made, but the stream does not show it");
}

void warn_of_lone(std::vector<std::string>& topics) {
    if (topics.empty()) return;
    std::string names;
    for (const auto& name : topics) names += (names.empty() ? "" : ", ") + name;
    log::warning(
        "topics were made with one copy: a broker that is lost takes their records along; with --replication-factor 3 "
        "there are more of those that are made",
        {{"topics", names}});
    topics.clear();
}

}  // namespace

std::optional<std::map<std::string, TopicInfo>> ensure_topics(Stream& stream, const std::vector<WantedTopic>& topics,
                                                              Health& health, const std::string& dependency,
                                                              const StopToken& stop, const std::string& witness) {
    Backoff backoff;
    // A stream that is away answers no sooner than by the time-out.
    health.awaits(dependency, witness);
    const auto admin = stream.admin(admin_timeout);
    std::map<std::string, TopicInfo> found;
    std::vector<std::string> lone;
    while (!stop.requested()) {
        try {
            for (const auto& wanted : topics) {
                if (!found.contains(wanted.name)) found.emplace(wanted.name, ensure_topic(*admin, wanted, stop, lone));
            }
            health.up(dependency, witness);
            warn_of_lone(lone);
            return found;
        } catch (const std::exception& error) {
            // Also a refusal (too few brokers for the replicas, no right to create): someone can mend that
            // while it waits, and health says what it is.
            if (stop.requested()) break;
            warn_of_lone(lone);
            health.down(dependency, error.what(), witness);
            stop.wait_for(backoff.next());
        }
    }
    return std::nullopt;
}

}  // namespace nearline::stream
