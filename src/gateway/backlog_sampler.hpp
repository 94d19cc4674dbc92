#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "domain/time.hpp"
#include "gateway/backlog.hpp"
#include "stream/stream.hpp"

namespace nearline::gateway {

/// Asks the stream where the prediction group stands on the input topic, for BacklogEstimate. For one thread at a time.
class BacklogSampler {
public:
    struct Options {
        std::string topic;
        std::string group;
        /// A partition on which nothing has moved for so long is looked into: offsets may stand for no record.
        std::chrono::milliseconds patience{10'000};
    };

    /// Both outlive it.
    BacklogSampler(stream::Stream& stream, stream::Admin& admin, Options options);

    /// Of each partition, in their order; nothing of one that can't be asked now (its broker has gone). Throws
    /// Unavailable where none was answered. Blocks: no longer than one question that is not answered, and a second for
    /// what has to be looked into.
    std::vector<std::optional<BacklogEstimate::Position>> sample();

private:
    using Position = BacklogEstimate::Position;
    /// What was last seen of a partition.
    struct Seen {
        std::int64_t end = 0;
        std::int64_t committed = 0;
        SteadyTime since{};
        enum class Rest { unknown, records, nothing } rest = Rest::unknown;  ///< between the two
    };
    void look(int partition, Position& position, SteadyTime now);
    void look_into(const std::vector<stream::Position>& from, SteadyTime now);

    stream::Stream& stream_;
    stream::Admin& admin_;
    const Options options_;
    int first_ = 0;  // the partition to begin with: behind one that was not answered
    std::map<int, Seen> seen_;
};

}  // namespace nearline::gateway
