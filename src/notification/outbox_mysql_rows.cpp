#include "notification/outbox_mysql_rows.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "notification/outbox_impl.hpp"
#include "stream/embedded/header_codec.hpp"

namespace nearline::notification {

using store::MysqlConnection;
using store::MysqlRow;
using store::MysqlValue;

namespace {

constexpr std::string_view insert_head =
    "INSERT INTO outbox_entries (request_id, outcome, user, queued_at, keep_from, topic, partition_number, "
    "record_offset, record_time, record_key, record_value, record_headers) VALUES ";
constexpr std::string_view insert_row =
    "(?, ?, ?, " NEARLINE_NOW ", GREATEST(" NEARLINE_NOW ", ?), ?, ?, ?, ?, ?, ?, ?)";
// Not INSERT IGNORE: that would cut what is too long, too.
constexpr std::string_view insert_tail = " ON DUPLICATE KEY UPDATE request_id = request_id";

// Statements are prepared once for each text: so many rows, or so many, or one.
constexpr std::array<std::size_t, 3> insert_sizes{64, 8, 1};
/// Above it, rows travel alone: the server takes no statement over max_allowed_packet.
constexpr std::size_t large_entry = 16'384;

const std::string& insert_statement(std::size_t rows) {
    static const std::map<std::size_t, std::string> texts = [] {
        std::map<std::size_t, std::string> made;
        for (const std::size_t size : insert_sizes) {
            std::string text(insert_head);
            for (std::size_t i = 0; i < size; ++i) text += (i == 0 ? "" : ", ") + std::string(insert_row);
            made[size] = text + std::string(insert_tail);
        }
        return made;
    }();
    return texts.at(rows);
}

void append_values(std::vector<MysqlValue>& values, const Entry& entry) {
    const auto& record = entry.record;
    values.insert(values.end(), {entry.request_id.to_string(), outcome_prediction, entry.user.to_string(),
                                 record.timestamp, record.at.topic, std::int64_t{record.at.partition}, record.offset,
                                 record.timestamp, to_value(record.key), to_value(record.value), headers_value(entry)});
}

std::size_t size_of(const Entry& entry) {
    return entry.record.value.value_or("").size() + entry.record.key.value_or("").size() +
           stream::embedded::encode_headers(entry.record.headers).size();
}

std::optional<std::string> bytes_of(const MysqlRow& row, std::size_t column) {
    if (row.is_null(column)) return std::nullopt;
    return row.text(column);
}

}  // namespace

MysqlValue to_value(const std::optional<std::string>& bytes) {
    if (!bytes) return std::monostate();
    return *bytes;
}

MysqlValue headers_value(const Entry& entry) {
    const std::string headers = stream::embedded::encode_headers(entry.record.headers);
    if (headers.empty()) return std::monostate();
    return headers;
}

Uuid id_of(const std::string& text) {
    const auto id = Uuid::parse(text);
    if (!id) throw std::runtime_error("an id in the outbox is no UUID");
    return *id;
}

Entry read_entry(const MysqlRow& row, const Uuid& user) {
    Entry entry{.request_id = id_of(row.text(0)), .user = user};
    entry.record.at = {row.text(1), static_cast<int>(row.integer(2))};
    entry.record.offset = row.integer(3);
    entry.record.timestamp = row.integer(4);
    entry.record.key = bytes_of(row, 5);
    entry.record.value = bytes_of(row, 6);
    entry.record.headers =
        stream::embedded::decode_headers(bytes_of(row, 7).value_or("")).value_or(std::vector<stream::Header>());
    return entry;
}

void insert_entries(MysqlConnection& connection, std::span<const Entry> entries) {
    std::vector<MysqlValue> values;
    for (const std::size_t size : insert_sizes) {
        while (entries.size() >= size) {
            const auto part = entries.first(size);
            if (size > 1 && std::any_of(part.begin(), part.end(),
                                        [](const Entry& entry) { return size_of(entry) > large_entry; })) {
                break;
            }
            values.clear();
            for (const Entry& entry : part) append_values(values, entry);
            connection.execute(insert_statement(size), values);
            entries = entries.subspan(size);
        }
    }
}

}  // namespace nearline::notification
