#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "domain/time.hpp"
#include "stream/embedded/assignment.hpp"

namespace nearline::stream::embedded {

/// A consumer group's members and who owns which partition. A rebalance is cooperative: it names a new
/// owner for as few partitions as it can, and each goes there once its old owner has released it. No I/O,
/// no clock, not thread-safe.
class Group {
public:
    /// `partitions`: topic → how many; must outlive the group.
    explicit Group(const std::map<std::string, int>& partitions) : partitions_(&partitions) {}

    /// `wake` is called when there is something to release or to take.
    MemberId join(std::set<std::string> topics, std::function<void()> wake);
    /// What it owned is free.
    void leave(MemberId member);
    /// A topic was made.
    void rebalance();

    /// What the member owns and is to give up; it stays the owner until release().
    std::vector<TopicPartition> to_release(MemberId member) const;
    void release(MemberId member, const std::vector<TopicPartition>& partitions);
    /// What is the member's and nobody else owns any more: now the member does.
    std::vector<TopicPartition> take(MemberId member);

    /// Until let_go(), these come to nobody new; one may be held several times.
    void hold(const std::vector<TopicPartition>& partitions);
    void let_go(const std::vector<TopicPartition>& partitions);

    bool has(MemberId member) const { return members_.contains(member); }
    bool owns(MemberId member, const TopicPartition& partition) const;

    /// A member that does not return in time is taken out. Nothing: it is here, and can't run late.
    void expect_back(MemberId member, std::optional<SteadyTime> by);
    /// Takes out those who are late; gives the next time to look, or nothing.
    std::optional<SteadyTime> expire(SteadyTime now);

    /// Stable, Empty or PreparingRebalance.
    std::string_view state() const;
    int size() const noexcept { return static_cast<int>(members_.size()); }

private:
    struct Member {
        std::set<std::string> topics;
        std::function<void()> wake;
        std::optional<SteadyTime> back_by{};
    };
    void forget(MemberId member);

    const std::map<std::string, int>* partitions_;
    std::map<MemberId, Member> members_;
    Ownership owner_;   // now
    Ownership target_;  // soon
    std::multiset<TopicPartition> held_;
    MemberId next_ = 1;
};

}  // namespace nearline::stream::embedded
