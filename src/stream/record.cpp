#include "stream/record.hpp"

#include <algorithm>

namespace nearline::stream {

std::optional<std::string_view> find_header(const Record& record, std::string_view key) noexcept {
    const auto found = std::find_if(record.headers.rbegin(), record.headers.rend(),
                                    [key](const Header& header) { return header.value && header.key == key; });
    if (found == record.headers.rend()) return std::nullopt;
    return *found->value;
}

std::size_t size_in_bytes(const Record& record) noexcept {
    std::size_t size = (record.key ? record.key->size() : 0) + (record.value ? record.value->size() : 0);
    for (const auto& header : record.headers) size += header.key.size() + (header.value ? header.value->size() : 0);
    return size;
}

std::string to_text(const std::vector<TopicPartition>& partitions) {
    std::string text;
    std::string topic;
    for (const auto& at : partitions) {
        if (at.topic != topic) text += (text.empty() ? "" : ", ") + (topic = at.topic);
        text += " " + std::to_string(at.partition);
    }
    return text;
}

}  // namespace nearline::stream
