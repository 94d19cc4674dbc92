#include "gateway/backlog_sampler.hpp"

#include <algorithm>
#include <set>
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
    if (!unclear.empty()) look_into(unclear);
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
void BacklogSampler::look_into(const std::vector<stream::Position>& from) {
    const auto reader = stream_.reader();
    reader->assign(from);
    std::set<stream::TopicPartition> with_records;
    const auto until = steady_clock::now() + longest_look;
    while (with_records.size() < from.size()) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - steady_clock::now());
        if (left.count() <= 0) break;
        for (const auto& record : reader->poll(1, left)) {
            with_records.insert(record.at);
            reader->unassign({record.at});  // or thousands of its records would come before another's first
        }
    }
    for (const auto& position : from) {
        auto& seen = seen_[position.at.partition];
        seen.rest = with_records.contains(position.at) ? Seen::Rest::records : Seen::Rest::nothing;
    }
}

}  // namespace nearline::gateway
