#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "notification/outbox.hpp"

namespace SQLite {
class Column;
class Database;
class Statement;
}  // namespace SQLite

/// What the outbox's rows in SQLite have in their columns; for this room alone.
namespace nearline::notification {

void bind_id(SQLite::Statement& statement, int index, const Uuid& id);

/// Throws std::runtime_error for what is no id.
Uuid read_id(const SQLite::Column& column);

/// Of a row that has request_id and the record's columns, in the order of the table.
Entry read_entry(SQLite::Statement& row, const Uuid& user);

// Within the caller's transaction; `now` in ms since 1970-01-01 UTC.

/// One whose request id is there already makes no difference.
void insert_entries(SQLite::Database& database, std::span<const Entry> entries, std::int64_t now);
/// Lets an entry wait again that had ended in a dead letter, which was replayed. Read twice, the same record revives
/// nothing twice. What is revived is as old as its coming back: how long it is tried is counted from there.
void revive_entry(SQLite::Database& database, const Entry& entry, std::int64_t now);

}  // namespace nearline::notification
