#include "stream/offset_ranges.hpp"

#include <algorithm>

#include "domain/whole_number.hpp"

namespace nearline::stream {
namespace {

std::optional<std::int64_t> parse_offset(std::string_view text) {
    if (text.starts_with('-')) return std::nullopt;
    return parse_whole_number<std::int64_t>(text);
}

}  // namespace

void OffsetRanges::add(std::int64_t first, std::int64_t last) {
    // The first range that ends beside this one, or later.
    auto at = ranges_.upper_bound(first);
    if (at != ranges_.begin() && std::prev(at)->second >= first - 1) --at;
    while (at != ranges_.end() && at->first - 1 <= last) {
        first = std::min(first, at->first);
        last = std::max(last, at->second);
        at = ranges_.erase(at);
    }
    ranges_.emplace(first, last);
}

void OffsetRanges::add(const OffsetRanges& others) {
    for (const auto& [first, last] : others.ranges_) add(first, last);
}

bool OffsetRanges::contains(std::int64_t offset) const noexcept {
    const auto behind = ranges_.upper_bound(offset);
    return behind != ranges_.begin() && std::prev(behind)->second >= offset;
}

std::string OffsetRanges::to_string() const {
    std::string text;
    for (const auto& [first, last] : ranges_) {
        if (!text.empty()) text += ',';
        text += std::to_string(first);
        if (last != first) text += '-' + std::to_string(last);
    }
    return text;
}

std::optional<OffsetRanges> OffsetRanges::parse(std::string_view text) {
    OffsetRanges ranges;
    for (bool more = true; more;) {
        const auto comma = text.find(',');
        const auto part = text.substr(0, comma);
        more = comma != std::string_view::npos;
        if (more) text.remove_prefix(comma + 1);
        const auto dash = part.find('-');
        const auto first = parse_offset(part.substr(0, dash));
        const auto last = dash == std::string_view::npos ? first : parse_offset(part.substr(dash + 1));
        if (!first || !last || *last < *first) return std::nullopt;
        ranges.add(*first, *last);
    }
    return ranges;
}

}  // namespace nearline::stream
