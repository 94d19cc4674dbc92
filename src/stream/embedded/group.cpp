#include "stream/embedded/group.hpp"

namespace nearline::stream::embedded {

MemberId Group::join(std::set<std::string> topics, std::function<void()> wake) {
    const MemberId member = next_++;
    members_.emplace(member, Member{std::move(topics), std::move(wake)});
    rebalance();
    return member;
}

void Group::leave(MemberId member) {
    if (!members_.contains(member)) return;
    forget(member);
    rebalance();
}

void Group::forget(MemberId member) {
    members_.erase(member);
    const auto is_its_own = [member](const auto& entry) { return entry.second == member; };
    std::erase_if(owner_, is_its_own);
    std::erase_if(target_, is_its_own);
}

void Group::rebalance() {
    std::map<MemberId, std::set<std::string>> wanted;
    for (const auto& [id, member] : members_) wanted.emplace(id, member.topics);
    // A partition that was promised but not taken yet counts as its member's.
    Ownership now = owner_;
    now.insert(target_.begin(), target_.end());
    target_ = assign(*partitions_, wanted, now);
    for (const auto& [id, member] : members_) member.wake();
}

std::vector<TopicPartition> Group::to_release(MemberId member) const {
    std::vector<TopicPartition> found;
    for (const auto& [partition, owner] : owner_) {
        if (owner != member) continue;
        const auto target = target_.find(partition);
        if (target == target_.end() || target->second != member) found.push_back(partition);
    }
    return found;
}

void Group::release(MemberId member, const std::vector<TopicPartition>& partitions) {
    for (const auto& partition : partitions) {
        const auto owner = owner_.find(partition);
        if (owner == owner_.end() || owner->second != member) continue;
        owner_.erase(owner);
        const auto target = target_.find(partition);
        if (target != target_.end()) members_.at(target->second).wake();
    }
}

std::vector<TopicPartition> Group::take(MemberId member) {
    std::vector<TopicPartition> taken;
    for (const auto& [partition, target] : target_) {
        if (target != member || held_.contains(partition)) continue;
        if (owner_.emplace(partition, member).second) taken.push_back(partition);
    }
    return taken;
}

void Group::hold(const std::vector<TopicPartition>& partitions) {
    held_.insert(partitions.begin(), partitions.end());
}

void Group::let_go(const std::vector<TopicPartition>& partitions) {
    for (const auto& partition : partitions) {
        held_.erase(held_.find(partition));
        const auto target = target_.find(partition);
        if (target != target_.end() && !owner_.contains(partition)) members_.at(target->second).wake();
    }
}

bool Group::owns(MemberId member, const TopicPartition& partition) const {
    const auto owner = owner_.find(partition);
    return owner != owner_.end() && owner->second == member;
}

void Group::expect_back(MemberId member, std::optional<SteadyTime> by) {
    const auto found = members_.find(member);
    if (found != members_.end()) found->second.back_by = by;
}

std::optional<SteadyTime> Group::expire(SteadyTime now) {
    std::vector<MemberId> late;
    std::optional<SteadyTime> next;
    for (const auto& [id, member] : members_) {
        if (!member.back_by) continue;
        if (*member.back_by <= now) {
            late.push_back(id);
        } else if (!next || *member.back_by < *next) {
            next = member.back_by;
        }
    }
    for (const auto id : late) forget(id);
    if (!late.empty()) rebalance();
    return next;
}

std::string_view Group::state() const {
    if (members_.empty()) return "Empty";
    return owner_ == target_ ? "Stable" : "PreparingRebalance";
}

}  // namespace nearline::stream::embedded
