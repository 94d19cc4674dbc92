#include "stream/request_context.hpp"

#include <algorithm>
#include <string>

#include "domain/header_names.hpp"
#include "domain/whole_number.hpp"

namespace nearline::stream {
namespace {

constexpr std::size_t digest_size = 64;
/// Version 00 has 55 characters; later ones may have more, but it is passed on unread only up to here.
constexpr std::size_t longest_traceparent = 128;

std::optional<int> parse_partition(std::string_view text) noexcept {
    const auto partition = parse_whole_number<int>(text);
    return partition && *partition >= 0 ? partition : std::nullopt;
}

bool is_lower_hex(std::string_view text) noexcept {
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool is_printable(std::string_view text) noexcept {
    return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

Uuid id_of_place(const ConsumedRecord& record, std::string_view cluster_id) {
    return Uuid::hash_based({cluster_id, record.at.topic, std::to_string(record.at.partition),
                             std::to_string(record.offset), std::to_string(record.timestamp)});
}

}  // namespace

RequestHeaders read_request_headers(const ConsumedRecord& record, std::string_view cluster_id) {
    RequestHeaders incoming;
    auto& context = incoming.context;
    if (const auto text = find_header(record, header_names::request_id)) {
        if (const auto id = Uuid::parse(*text)) {
            context.id = *id;
            incoming.has_request_id = true;
        }
    }
    if (!incoming.has_request_id) context.id = id_of_place(record, cluster_id);
    if (const auto text = find_header(record, header_names::user)) context.user = Uuid::parse(*text);
    if (const auto text = find_header(record, header_names::reply_partition)) {
        context.reply_partition = parse_partition(*text);
        incoming.bad_reply_partition = !context.reply_partition;
    }
    if (const auto text = find_header(record, header_names::body_digest);
        text && text->size() == digest_size && is_lower_hex(*text)) {
        context.body_digest = *text;
    }
    if (const auto text = find_header(record, header_names::traceparent);
        text && text->size() <= longest_traceparent && is_printable(*text)) {
        context.traceparent = *text;
    }
    return incoming;
}

std::optional<int> reply_partition(const RequestContext& context, int partitions) noexcept {
    if (!context.reply_partition || *context.reply_partition >= partitions) return std::nullopt;
    return context.reply_partition;
}

}  // namespace nearline::stream
