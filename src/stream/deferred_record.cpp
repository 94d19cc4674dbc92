#include "stream/deferred_record.hpp"

#include <array>
#include <string_view>
#include <utility>

#include "domain/whole_number.hpp"

namespace nearline::stream {
namespace {

constexpr std::array<std::string_view, 4> names{"nearline.deferred.topic", "nearline.deferred.partition",
                                                "nearline.deferred.offset", "nearline.deferred.timestamp"};

}  // namespace

Record make_deferred(const ConsumedRecord& record) {
    auto deferred = static_cast<const Record&>(record);
    // Its own time: the retry topic's retention counts from now.
    deferred.timestamp = 0;
    const std::array<std::string, names.size()> place{record.at.topic, std::to_string(record.at.partition),
                                                      std::to_string(record.offset), std::to_string(record.timestamp)};
    for (std::size_t i = 0; i < names.size(); ++i) deferred.headers.push_back({std::string(names[i]), place[i]});
    return deferred;
}

ConsumedRecord undo_deferral(ConsumedRecord record) {
    auto& headers = record.headers;
    if (headers.size() < names.size()) return record;
    const auto own = headers.end() - static_cast<std::ptrdiff_t>(names.size());
    for (std::size_t i = 0; i < names.size(); ++i) {
        const auto& [key, value] = own[static_cast<std::ptrdiff_t>(i)];
        if (key != names[i] || !value) return record;
    }
    const auto partition = parse_whole_number<int>(*own[1].value);
    const auto offset = parse_whole_number<std::int64_t>(*own[2].value);
    const auto timestamp = parse_whole_number<std::int64_t>(*own[3].value);
    if (!partition || !offset || !timestamp) return record;
    record.at = {std::move(*own[0].value), *partition};
    record.offset = *offset;
    record.timestamp = *timestamp;
    headers.erase(own, headers.end());
    return record;
}

}  // namespace nearline::stream
