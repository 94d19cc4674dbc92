#include "stream/kafka/client_log.hpp"

#include <syslog.h>

namespace nearline::stream::kafka {
namespace {

constexpr double seconds_between_lines = 30;

bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}

}  // namespace

std::string kind_of_line(std::string_view client, std::string_view facility, std::string_view text) {
    // "nearline#consumer-3": the number is of its making.
    std::string kind(client.substr(0, client.find_last_not_of("0123456789") + 1));
    kind.append(" ").append(facility).append(" ");
    for (std::size_t i = 0; i < text.size(); ++i) {
        // A number of its own ("after 12ms", "[3]"), not one in the name of a broker or a topic.
        const bool begins_number =
            is_digit(text[i]) && (i == 0 || std::string_view(" ([=").find(text[i - 1]) != std::string_view::npos);
        if (!begins_number) {
            kind += text[i];
            continue;
        }
        kind += '#';
        while (i + 1 < text.size() && is_digit(text[i + 1])) ++i;
    }
    return kind;
}

bool LineThrottle::pass(const std::string& kind, long& held) {
    const std::scoped_lock lock(mutex_);
    if (kinds_.size() >= most_kinds && !kinds_.contains(kind)) kinds_.clear();
    return kinds_.try_emplace(kind, seconds_).first->second.pass(held);
}

void log_line(std::string_view client, int level, std::string_view facility, std::string_view text) {
    // "property X is a producer property and will be ignored": one --kafka-config serves both kinds.
    if (facility == "CONFWARN") return;
    const auto severity = level <= LOG_WARNING ? log::Level::warning  // errors, too: it tries again; ours to judge
                          : level <= LOG_INFO  ? log::Level::info
                                               : log::Level::debug;
    if (severity != log::Level::warning) {
        return log::write(severity, "kafka client", {{"client", client}, {"what", facility}, {"message", text}});
    }
    // Never destroyed: a client that was let go may have something to say while the process ends.
    static auto& throttle = *new LineThrottle(seconds_between_lines);
    long held = 0;
    if (!throttle.pass(kind_of_line(client, facility, text), held)) return;
    log::warning("kafka client", {{"client", client}, {"what", facility}, {"message", text}, {"held_back", held}});
}

}  // namespace nearline::stream::kafka
