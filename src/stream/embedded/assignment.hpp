#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "stream/record.hpp"

namespace nearline::stream::embedded {

using MemberId = std::uint64_t;

/// Who owns which partition, of a group.
using Ownership = std::map<TopicPartition, MemberId>;

/// Divides each topic's partitions among the members that want the topic, so that no two of them differ by
/// more than one, and moves as few as that takes: what a member can keep stays with it.
/// `partitions`: topic → how many; `wanted`: member → its topics; `now`: who has what. Topics that are
/// not there or that nobody wants are left out. Pure, and the same for the same input.
Ownership assign(const std::map<std::string, int>& partitions, const std::map<MemberId, std::set<std::string>>& wanted,
                 const Ownership& now);

}  // namespace nearline::stream::embedded
