// A member of a consumer group, for tests that kill it: PROGRAM BROKER TOPIC GROUP SESSION_MS
#include <cstdlib>

#include "runtime/metrics.hpp"
#include "stream/stream.hpp"

int main(int argc, char** argv) {
    using namespace nearline;
    if (argc != 5) return 2;
    Metrics metrics;
    const auto stream = stream::open_kafka(argv[1], {}, "member-to-kill", metrics);
    const auto consumer = stream->consumer(
        {.group = argv[3], .topics = {argv[2]}, .session_timeout = std::chrono::milliseconds(std::atol(argv[4]))}, {});
    for (;;) consumer->poll(100, std::chrono::seconds(1));
}
