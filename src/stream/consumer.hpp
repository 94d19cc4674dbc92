#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <set>
#include <vector>

#include "stream/record.hpp"
#include "stream/transactional_producer.hpp"

namespace nearline::stream {

/// Told about a member's partitions, from within poll() (or close()), on the thread that calls it.
struct RebalanceListener {
    /// Now this member's too: it will get their records.
    std::function<void(const std::vector<TopicPartition>&)> assigned = [](const auto&) {};
    /// About to go to another member, still this one's until the function returns: the last chance to
    /// commit for them.
    std::function<void(const std::vector<TopicPartition>&)> revoked = [](const auto&) {};
    /// Gone already (the group thought this member dead): do not commit for them.
    std::function<void(const std::vector<TopicPartition>&)> lost = [](const auto&) {};
};

/// What one poll() gives ends with the record that brings it to so many bytes, however many records were asked for.
constexpr std::size_t most_polled_bytes = 16UL << 20;

/// A member of a consumer group that fetches and commits. Rebalances are cooperative: a member keeps
/// the partitions that stay with it. Only for one thread at a time, but wake() is for any.
class GroupConsumer {
public:
    /// Leaves the group without committing, as close() does, if it was not called.
    virtual ~GroupConsumer() = default;

    /// At least one record, or none after `timeout` or wake(); what is already there comes along, up to
    /// `most` and most_polled_bytes. Returns at once with one record when there is one: it never waits for a batch to
    /// fill. Records of a partition come in the order of their offsets. Throws Unavailable only where the handle can't
    /// go on and has to be made anew.
    virtual std::vector<ConsumedRecord> poll(std::size_t most, std::chrono::milliseconds timeout) = 0;

    /// Stores where the group goes on: `offset` is the next one to read. Blocks until it is stored; throws
    /// Unavailable when it could not be (try again later), e.g. while the group rebalances. Partitions
    /// that are not this member's any more are left out.
    virtual void commit(const std::vector<Position>& next) = 0;
    /// As commit(), without waiting and without a report. What was refused, by a group that is being shared out anew or
    /// for another reason, is sent again by a later poll(), unless a later commit was stored.
    virtual void commit_async(const std::vector<Position>& next) = 0;

    /// These offsets as this member's own, for a transaction that stores them with what was made of the records
    /// (transactional_producer.hpp). They hold for the group as it was when the member was last told of it: one that
    /// was taken for dead meanwhile, or does not own one of the partitions, stores nothing.
    virtual GroupOffsets offsets(const std::vector<Position>& next) const = 0;

    /// Gives no records of these until resume(); stays their owner.
    virtual void pause(const std::vector<TopicPartition>& partitions) = 0;
    virtual void resume(const std::vector<TopicPartition>& partitions) = 0;

    virtual std::set<TopicPartition> assignment() const = 0;

    /// Lets poll() return now. Any thread.
    virtual void wake() = 0;

    /// Calls `revoked` for what it has, leaves the group.
    virtual void close() = 0;

    /// Records that retention took before the group had read them, since start.
    virtual std::uint64_t lost_to_retention() const = 0;
};

/// A member of a group that only knows which partitions are its own: it never fetches and never commits.
/// Only for one thread at a time, but wake() is for any.
class GroupMember {
public:
    virtual ~GroupMember() = default;
    /// Takes part in the group's life; calls the listener for what changed; returns after `timeout`,
    /// wake() or a change.
    virtual void poll(std::chrono::milliseconds timeout) = 0;
    virtual std::set<TopicPartition> assignment() const = 0;
    virtual void wake() = 0;
    /// Leaves the group.
    virtual void close() = 0;
};

/// Reads given partitions from given offsets, in no group. poll() is for one thread at a time; assign(),
/// unassign() and wake() are for any.
class Reader {
public:
    virtual ~Reader() = default;
    /// Also reads this partition, from `from.offset` on (an offset asked of Admin, never "the end"); one
    /// that is read already goes on undisturbed. If the offset is no longer (or not) in the log, it goes
    /// on at the log's start.
    virtual void assign(const std::vector<Position>& from) = 0;
    /// A poll() that is under way may still return records of them.
    virtual void unassign(const std::vector<TopicPartition>& partitions) = 0;
    /// As GroupConsumer::poll(). With a timeout of 0, nothing means that it had nothing.
    virtual std::vector<ConsumedRecord> poll(std::size_t most, std::chrono::milliseconds timeout) = 0;
    virtual void wake() = 0;

    /// For who has no thread to sleep in poll(): `ready` is called, on any thread, when something comes after a poll()
    /// that gave nothing; now and then also without a reason. It must be quick, must not call the reader, and can still
    /// be under way when the reader is gone. To be set once, before the first assign().
    virtual void on_ready(std::function<void()> ready) = 0;
};

}  // namespace nearline::stream
