#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "runtime/health.hpp"
#include "runtime/stop.hpp"
#include "stream/stream.hpp"

namespace nearline::stream {

struct WantedTopic {
    std::string name;
    TopicOptions options{};
};

/// Makes the topics that are missing; what exists is left as it is. Blocks until all are there: while
/// the stream is away, or refuses, it says so in `health` under the name `dependency`, as `witness`,
/// and tries again with backoff. Warns of those that it made with one copy where there could be more. Gives what the
/// topics are, by name; nothing when `stop` came first.
std::optional<std::map<std::string, TopicInfo>> ensure_topics(Stream& stream, const std::vector<WantedTopic>& topics,
                                                              Health& health, const std::string& dependency,
                                                              const StopToken& stop, const std::string& witness = "");

}  // namespace nearline::stream
