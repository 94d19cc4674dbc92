#pragma once

#include <cstddef>
#include <string>

#include "stream/kafka/client.hpp"

namespace nearline::stream::kafka {

/// For clients that read: bounded memory, read-committed, and, with one byte, the lowest latency.
inline Properties fetching_properties(std::size_t min_bytes = 1) {
    return {
        {"isolation.level", "read_committed"},
        {"auto.offset.reset", "earliest"},
        {"fetch.min.bytes", std::to_string(min_bytes)},
        // A partition that is added is read from the next fetch on: no later than this.
        {"fetch.wait.max.ms", "100"},
        {"fetch.error.backoff.ms", "100"},
        {"fetch.queue.backoff.ms", "10"},
        {"queued.max.messages.kbytes", "8192"},
    };
}

}  // namespace nearline::stream::kafka
