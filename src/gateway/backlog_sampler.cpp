#include "gateway/backlog_sampler.hpp"

#include <algorithm>
#include <utility>

#include "domain/problem.hpp"

namespace nearline::gateway {
namespace {

using std::chrono::steady_clock;

/// What is there comes at once.
constexpr std::chrono::milliseconds longest_look{1'000};

}  // namespace

BacklogSampler::BacklogSampler(stream::Stream& stream, stream::Admin& admin, Options options)
    : stream_(stream), admin_(admin), options_(std::move(options)) {}

std::vector<std::optional<BacklogEstimate::Position>> BacklogSampler::sample() {
    const auto topic = admin_.topic(options_.topic);
    const int partitions = topic ? topic->partitions : 0;
    const auto committed = admin_.committed(options_.group, options_.topic);
    std::vector<std::optional<Position>> positions(static_cast<std::size_t>(partitions));
    const int first = first_ < partitions ? first_ : 0;
    for (int i = 0; i < partitions; ++i) {
        const int partition = (first + i) % partitions;
        const stream::TopicPartition at{options_.topic, partition};
        try {
            const auto watermarks = admin_.watermarks(at);
            const auto found = committed.find(at);
            positions[static_cast<std::size_t>(partition)] = {watermarks.start, watermarks.end,
                                                              found == committed.end() ? 0 : found->second};
        } catch (const Unavailable&) {
            // Each such question takes as long as the time-out: one a round, and the others come first in the next.
            first_ = partition + 1;
            if (i == 0) throw;
            break;
        }
    }
    const auto now = steady_clock::now();
    std::vector<stream::Position> unclear;
    for (int partition = 0; partition < partitions; ++partition) {
        auto& position = positions[static_cast<std::size_t>(partition)];
        if (!position) continue;
        look(partition, *position, now);
        const auto& seen = seen_[partition];
        const auto next = std::max(position->start, position->committed);
        if (next < position->end && seen.rest == Seen::Rest::unknown && now - seen.since >= options_.patience)
            unclear.push_back({{options_.topic, partition}, next});
    }
    look_into(unclear, now);
    return positions;
}

/// Takes what is known to be no record for done.
void BacklogSampler::look(int partition, Position& position, SteadyTime now) {
    auto& seen = seen_.try_emplace(partition, Seen{.since = now}).first->second;
    if (seen.committed != position.committed || position.end <= position.committed) {
        seen = {.end = position.end, .committed = position.committed, .since = now};
    } else if (seen.end != position.end && seen.rest != Seen::Rest::records) {
        // Where it stands there is no record, but perhaps behind.
        seen.end = position.end;
        seen.rest = Seen::Rest::unknown;
    }
    if (seen.rest == Seen::Rest::nothing) position.committed = position.end;
}

/// A log may end in offsets that are never given out, such as the markers of Kafka's transactions: no group can commit
/// behind them, and it has nothing to do.
void BacklogSampler::look_into(const std::vector<stream::Position>& from, SteadyTime now) {
    for (const auto& position : from) {
        auto& seen = seen_[position.at.partition];
        bool has_record = false;
        try {
            stream_.scan({position}, longest_look, [&](stream::ConsumedRecord&&) {
                has_record = true;
                return false;
            });
            seen.rest = has_record ? Seen::Rest::records : Seen::Rest::nothing;
        } catch (const Unavailable&) {
            // Who can't see it (a transaction is open, or there is no right to read) takes it for a queue.
            seen.since = now;
            return;
        }
    }
}

}  // namespace nearline::gateway
