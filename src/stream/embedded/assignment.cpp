#include "stream/embedded/assignment.hpp"

#include <algorithm>
#include <tuple>

namespace nearline::stream::embedded {
namespace {

// One topic's partitions, member by member.
using Shares = std::map<MemberId, std::vector<int>>;

class Assigner {
public:
    Assigner(const std::map<MemberId, std::set<std::string>>& wanted, const Ownership& now)
        : wanted_(wanted), now_(now) {}

    void add_topic(const std::string& topic, int partitions) {
        Shares shares;
        for (const auto& [member, topics] : wanted_) {
            if (topics.contains(topic)) shares[member];
        }
        if (shares.empty()) return;
        for (const int partition : keep(topic, partitions, shares)) lightest(shares)->second.push_back(partition);
        level(shares);
        for (const auto& [member, mine] : shares) {
            total_[member] += mine.size();
            for (const int partition : mine) result_[{topic, partition}] = member;
        }
    }

    Ownership result() && { return std::move(result_); }

private:
    // Gives everyone what they have; returns what nobody has.
    std::vector<int> keep(const std::string& topic, int partitions, Shares& shares) const {
        std::vector<int> free;
        for (int partition = 0; partition < partitions; ++partition) {
            const auto owner = now_.find({topic, partition});
            const auto share = owner == now_.end() ? shares.end() : shares.find(owner->second);
            if (share == shares.end()) {
                free.push_back(partition);
            } else {
                share->second.push_back(partition);
            }
        }
        return free;
    }

    // Of those with equally many of this topic the one with the fewest (most) of all topics counts.
    auto weight(const Shares::value_type& share) const {
        const auto total = total_.find(share.first);
        return std::tuple(share.second.size(), total == total_.end() ? 0 : total->second);
    }
    Shares::iterator lightest(Shares& shares) const {
        return std::min_element(shares.begin(), shares.end(),
                                [this](const auto& a, const auto& b) { return weight(a) < weight(b); });
    }
    Shares::iterator heaviest(Shares& shares) const {
        return std::max_element(shares.begin(), shares.end(),
                                [this](const auto& a, const auto& b) { return weight(a) < weight(b); });
    }

    void level(Shares& shares) const {
        for (;;) {
            auto& most = heaviest(shares)->second;
            auto& least = lightest(shares)->second;
            if (most.size() <= least.size() + 1) return;
            least.push_back(most.back());
            most.pop_back();
        }
    }

    const std::map<MemberId, std::set<std::string>>& wanted_;
    const Ownership& now_;
    std::map<MemberId, std::size_t> total_;
    Ownership result_;
};

}  // namespace

Ownership assign(const std::map<std::string, int>& partitions, const std::map<MemberId, std::set<std::string>>& wanted,
                 const Ownership& now) {
    Assigner assigner(wanted, now);
    for (const auto& [topic, count] : partitions) assigner.add_topic(topic, count);
    return std::move(assigner).result();
}

}  // namespace nearline::stream::embedded
