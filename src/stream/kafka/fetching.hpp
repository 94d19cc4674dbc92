#pragma once

#include "stream/kafka/client.hpp"

namespace nearline::stream::kafka {

/// For clients that read: the lowest latency, bounded memory, read-committed.
inline Properties fetching_properties() {
    return {
        {"isolation.level", "read_committed"},
        {"auto.offset.reset", "earliest"},
        {"fetch.min.bytes", "1"},
        // A partition that is added is read from the next fetch on: no later than this.
        {"fetch.wait.max.ms", "100"},
        {"fetch.error.backoff.ms", "100"},
        {"fetch.queue.backoff.ms", "10"},
        {"queued.max.messages.kbytes", "32768"},
    };
}

}  // namespace nearline::stream::kafka
