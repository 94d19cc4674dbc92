#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "stream/record.hpp"

namespace nearline::stream {

/// As which member of a group, and as of which generation of it, somebody reads: what tells a member from a zombie
/// that the group has gone on without. Only the stream that made it knows more.
class MemberIdentity {
public:
    MemberIdentity() = default;
    virtual ~MemberIdentity() = default;
    MemberIdentity(const MemberIdentity&) = delete;
    MemberIdentity& operator=(const MemberIdentity&) = delete;
};

/// Where a group is to go on, as one of its members says: GroupConsumer::offsets().
struct GroupOffsets {
    std::vector<Position> next{};                    ///< `offset` is the next one to read
    std::shared_ptr<const MemberIdentity> member{};  ///< nothing: it is no member, or not the owner of all of them
};

/// What became of a transaction.
struct TransactionReport {
    enum class Outcome {
        committed,  ///< all of it is stored, and the group goes on at the offsets
        aborted,    ///< certainly nothing of it is stored, and never will be: it may be tried again
        outdated,   ///< as aborted: the group was shared out anew, or has gone on without this member; its next poll()
                    ///< tells, and gives it offsets() that are good, or none
        too_large,  ///< as aborted: a topic takes no record of such a size, so a repeat won't help
        unknown,    ///< may have been stored, or may yet be, until settle() has returned
    };
    Outcome outcome = Outcome::committed;
    std::string reason{};                  ///< why not; empty when committed
    std::vector<std::size_t> oversized{};  ///< too_large: which records; those that went to a partition in one piece
                                           ///< are all among them
};

struct TransactionOptions {
    /// Whose offsets are stored. Kafka: the transactional id is random, and begins with this name.
    std::string group;
    /// How long a record may wait for its acknowledgement. Kafka: what a killed process has left open ends, and lets
    /// readers and the group go on, at the broker's first look (every 10 s by default) after 2 s more, 10 s at most.
    std::chrono::milliseconds delivery_timeout{4'000};
};

/// Writes records together with the offsets of those that they were made from: all of it, or nothing. Readers see
/// none of it before that, and no other member of the group reads a partition whose offsets are under way. What is
/// unsettled at its end ends by itself. For one thread at a time.
class TransactionalProducer {
public:
    virtual ~TransactionalProducer() = default;

    /// Returns when all transactions before have ended, one way or the other: to be called before the first one, and
    /// after one that is `unknown`, before the group's offsets are read again. Blocks for a few seconds at most; throws
    /// Unavailable where that was too short: call it again.
    virtual void settle() = 0;

    /// Blocks until it knows, ten seconds at most. Precondition: what was `unknown` before is settled.
    virtual TransactionReport transact(const std::vector<Addressed>& records, const GroupOffsets& offsets) = 0;

    /// As Producer::warm_up().
    virtual bool warm_up(const std::string& /*topic*/, std::chrono::milliseconds /*time*/) { return true; }
};

}  // namespace nearline::stream
