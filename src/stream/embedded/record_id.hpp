#pragma once

#include <cstdint>

namespace nearline::stream::embedded {

/// The row id of a record: its partition's id and its offset in one integer, so that one B-tree holds
/// every partition as one run, and storing a record changes one page.
inline constexpr int offset_bits = 44;  // 17 · 10^12 records in each of 524,287 partitions

constexpr std::int64_t record_id(std::int64_t partition, std::int64_t offset) noexcept {
    return partition << offset_bits | offset;
}

constexpr std::int64_t offset_of(std::int64_t record) noexcept {
    return record & ((std::int64_t{1} << offset_bits) - 1);
}

}  // namespace nearline::stream::embedded
