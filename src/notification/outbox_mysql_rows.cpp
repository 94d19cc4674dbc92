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
/// Above it, rows travel alone.
constexpr std::size_t large_entry = 16'384;
/// What a row adds to a statement beside the bytes of its record: ids, topic, numbers, types and lengths.
constexpr std::size_t row_overhead = 512;
constexpr std::size_t longest_column = (1U << 24U) - 1;  // of a MEDIUMBLOB

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

std::size_t length(const std::optional<std::string>& bytes) {
    return bytes ? bytes->size() : 0;
}

/// Of its row in a statement.
std::size_t size_of(const Entry& entry) {
    return row_overhead + length(entry.record.value) + length(entry.record.key) +
           stream::embedded::encode_headers(entry.record.headers).size();
}

bool fit_into_one(std::span<const Entry> entries, std::size_t max_packet) {
    std::size_t sum = 0;
    for (const Entry& entry : entries) {
        const std::size_t size = size_of(entry);
        sum += size;
        if (size > large_entry || sum > max_packet) return false;
    }
    return true;
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

std::vector<Outbox::Refused> too_large(std::span<const Entry> entries, std::size_t max_packet) {
    std::vector<Outbox::Refused> refused;
    for (std::size_t i = 0; i < entries.size(); ++i) {
        const auto& record = entries[i].record;
        if (size_of(entries[i]) > max_packet) {
            refused.push_back({i, "the record is too large for the database: it takes statements of " +
                                      std::to_string(max_packet) + " bytes (max_allowed_packet)"});
        } else if (std::max(length(record.key), length(record.value)) > longest_column ||
                   stream::embedded::encode_headers(record.headers).size() > longest_column) {
            refused.push_back({i, "the record is too large for the outbox: its key, value and headers may each have " +
                                      std::to_string(longest_column) + " bytes"});
        }
    }
    return refused;
}

void insert_entries(MysqlConnection& connection, std::span<const Entry> entries) {
    const std::size_t max_packet = connection.max_packet();
    std::vector<MysqlValue> values;
    for (const std::size_t size : insert_sizes) {
        while (entries.size() >= size) {
            const auto part = entries.first(size);
            if (size > 1 && !fit_into_one(part, max_packet)) break;
            values.clear();
            for (const Entry& entry : part) append_values(values, entry);
            connection.execute(insert_statement(size), values);
            entries = entries.subspan(size);
        }
    }
}

}  // namespace nearline::notification
