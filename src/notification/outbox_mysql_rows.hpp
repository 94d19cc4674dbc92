#pragma once

#include <optional>
#include <span>
#include <string>

#include "notification/outbox.hpp"
#include "store/mysql.hpp"

/// The server's clock in ms: the one that all processes share.
#define NEARLINE_NOW "CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)"

/// What the outbox's rows in MySQL have in their columns; for this room alone.
namespace nearline::notification {

store::MysqlValue to_value(const std::optional<std::string>& bytes);
store::MysqlValue headers_value(const Entry& entry);

/// Throws std::runtime_error for what is no id.
Uuid id_of(const std::string& text);

/// Of a row that has request_id and the record's columns, in the order of the table.
Entry read_entry(const store::MysqlRow& row, const Uuid& user);

/// Those that no statement can bring: over `max_packet` (MysqlConnection::max_packet), or over what a column holds; by
/// their index.
std::vector<Outbox::Refused> too_large(std::span<const Entry> entries, std::size_t max_packet);

/// Within the caller's transaction; one whose request id is there already makes no difference. None may be too large.
void insert_entries(store::MysqlConnection& connection, std::span<const Entry> entries);

}  // namespace nearline::notification
