#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "runtime/log.hpp"

namespace nearline::stream::kafka {

/// What a line of librdkafka's is about: the same for lines that differ in counts and times alone, and for clients that
/// were made anew. Brokers, topics and reasons stay.
std::string kind_of_line(std::string_view client, std::string_view facility, std::string_view text);

/// Lets a kind of line through every so often: while a broker is away or a topic is not there, each client repeats what
/// it has to say with every try. Thread-safe.
class LineThrottle {
public:
    explicit LineThrottle(double seconds) noexcept : seconds_(seconds) {}
    /// Whether it is time to say it again; `held` receives how many of the kind were held back since.
    bool pass(const std::string& kind, long& held);

private:
    static constexpr std::size_t most_kinds = 500;

    const double seconds_;
    std::mutex mutex_;
    std::map<std::string, log::Throttle, std::less<>> kinds_;
};

/// librdkafka's log callback: its lines in ours. Warnings are throttled.
void log_line(std::string_view client, int level, std::string_view facility, std::string_view text);

}  // namespace nearline::stream::kafka
