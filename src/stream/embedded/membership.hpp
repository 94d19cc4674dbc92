#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "stream/consumer.hpp"
#include "stream/embedded/log.hpp"
#include "stream/embedded/watch.hpp"
#include "stream/stream.hpp"

namespace nearline::stream::embedded {

/// One member's part in its group: joins, gives up and takes partitions, and tells the listener. For one
/// thread at a time.
class Membership {
public:
    using Partitions = std::vector<TopicPartition>;
    struct Hooks {
        /// With the lock held, once the partitions are this member's (and are not any more).
        std::function<void(const Log::Lock&, const Partitions&)> taken = [](const auto&, const auto&) {};
        std::function<void(const Log::Lock&, const Partitions&)> gone = [](const auto&, const auto&) {};
    };
    Membership(Log& log, Watch& watch, const GroupOptions& options, RebalanceListener listener,
               std::shared_ptr<Signal> signal, Hooks hooks);
    ~Membership();

    /// The member is at work in poll() from here on; joins if it has not, or was taken out meanwhile.
    void arrive(const Log::Lock& lock);
    /// It goes back to its caller, and has to come again within max_poll_interval.
    void depart(const Log::Lock& lock);

    /// Does what the group wants of it; gives the lock away while the listener is told. True if it did anything.
    bool settle(Log::Lock& lock);

    /// Leaves the group; tells the listener first, if it is to.
    void leave(Log::Lock& lock, bool tell);

    /// Nothing while it is no member.
    std::optional<MemberId> id() const noexcept { return id_; }
    bool owns(const Log::Lock& lock, const TopicPartition& at) const;
    const std::set<TopicPartition>& owned() const noexcept { return owned_; }
    const std::string& group() const noexcept { return options_.group; }

private:
    bool lose_if_expired(Log::Lock& lock);
    bool release(Log::Lock& lock, const Partitions& partitions);
    bool take(Log::Lock& lock);

    Log& log_;
    Watch& watch_;
    const GroupOptions options_;
    const RebalanceListener listener_;
    const std::shared_ptr<Signal> signal_;
    const Hooks hooks_;
    Group& group_;
    std::optional<MemberId> id_;
    std::set<TopicPartition> owned_;
    bool left_ = false;
};

}  // namespace nearline::stream::embedded
