#include "notification/outbox_sqlite_rows.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <algorithm>
#include <array>
#include <cstring>
#include <stdexcept>

#include "notification/outbox_impl.hpp"
#include "stream/embedded/header_codec.hpp"

namespace nearline::notification {
namespace {

void bind_bytes(SQLite::Statement& statement, int index, const std::optional<std::string>& bytes) {
    if (bytes) {
        statement.bind(index, bytes->data(), static_cast<int>(bytes->size()));
    } else {
        statement.bind(index);
    }
}

std::optional<std::string> read_bytes(const SQLite::Column& column) {
    if (column.isNull()) return std::nullopt;
    return column.getString();
}

/// Key, value and headers, in this order.
void bind_record(SQLite::Statement& statement, int first, const stream::ConsumedRecord& record) {
    const std::string headers = stream::embedded::encode_headers(record.headers);
    bind_bytes(statement, first, record.key);
    bind_bytes(statement, first + 1, record.value);
    bind_bytes(statement, first + 2, headers.empty() ? std::nullopt : std::optional(headers));
}

}  // namespace

void bind_id(SQLite::Statement& statement, int index, const Uuid& id) {
    statement.bind(index, id.bytes().data(), static_cast<int>(id.bytes().size()));
}

Uuid read_id(const SQLite::Column& column) {
    std::array<std::uint8_t, 16> bytes{};
    if (column.getBytes() != static_cast<int>(bytes.size())) throw std::runtime_error("an id in the outbox is no UUID");
    std::memcpy(bytes.data(), column.getBlob(), bytes.size());
    return Uuid(bytes);
}

Entry read_entry(SQLite::Statement& row, const Uuid& user) {
    Entry entry{.request_id = read_id(row.getColumn(0)), .user = user};
    entry.record.at = {row.getColumn(1).getString(), row.getColumn(2).getInt()};
    entry.record.offset = row.getColumn(3).getInt64();
    entry.record.timestamp = row.getColumn(4).getInt64();
    entry.record.key = read_bytes(row.getColumn(5));
    entry.record.value = read_bytes(row.getColumn(6));
    const auto headers = read_bytes(row.getColumn(7));
    entry.record.headers =
        stream::embedded::decode_headers(headers.value_or("")).value_or(std::vector<stream::Header>());
    return entry;
}

void insert_entries(SQLite::Database& database, std::span<const Entry> entries, std::int64_t now) {
    SQLite::Statement insert(
        database,
        "INSERT INTO outbox_entries (request_id, outcome, user, queued_at, keep_from, topic, partition_number, "
        "record_offset, record_time, record_key, record_value, record_headers) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (request_id, outcome) DO NOTHING");
    for (const Entry& entry : entries) {
        const auto& record = entry.record;
        bind_id(insert, 1, entry.request_id);
        insert.bind(2, outcome_prediction);
        bind_id(insert, 3, entry.user);
        insert.bind(4, now);
        insert.bind(5, std::max(now, record.timestamp));
        insert.bind(6, record.at.topic);
        insert.bind(7, record.at.partition);
        insert.bind(8, record.offset);
        insert.bind(9, record.timestamp);
        bind_record(insert, 10, record);
        insert.exec();
        insert.reset();
    }
}

void revive_entry(SQLite::Database& database, const Entry& entry, std::int64_t now) {
    const auto& record = entry.record;
    SQLite::Statement update(
        database,
        "UPDATE outbox_entries SET state = 0, queued_at = ?1, keep_from = max(keep_from, ?1), "
        "attempts = 0, mail_id = NULL, words = NULL, record_time = ?10, topic = ?2, partition_number = ?3, "
        "record_offset = ?4, record_key = ?5, record_value = ?6, record_headers = ?7 "
        "WHERE request_id = ?8 AND outcome = ?9 AND state = 4 AND "
        "NOT (topic = ?2 AND partition_number = ?3 AND record_offset = ?4)");
    update.bind(1, now);
    update.bind(2, record.at.topic);
    update.bind(3, record.at.partition);
    update.bind(4, record.offset);
    bind_record(update, 5, record);
    bind_id(update, 8, entry.request_id);
    update.bind(9, outcome_prediction);
    update.bind(10, std::max(now, record.timestamp));
    update.exec();
}

}  // namespace nearline::notification
