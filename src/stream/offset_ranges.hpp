#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace nearline::stream {

/// Offsets of one partition, kept as the ranges that they make up.
class OffsetRanges {
public:
    void add(std::int64_t offset) { add(offset, offset); }
    /// Both ends included.
    void add(std::int64_t first, std::int64_t last);
    void add(const OffsetRanges& others);
    bool contains(std::int64_t offset) const noexcept;
    bool empty() const noexcept { return ranges_.empty(); }

    /// "12-15,18"
    std::string to_string() const;
    /// Nothing for any other text, for a range that ends before it begins, and for "".
    static std::optional<OffsetRanges> parse(std::string_view text);

    friend bool operator==(const OffsetRanges&, const OffsetRanges&) = default;

private:
    std::map<std::int64_t, std::int64_t> ranges_;  // first to last, with gaps between them
};

}  // namespace nearline::stream
