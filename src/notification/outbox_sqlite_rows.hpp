#pragma once

#include <optional>
#include <string>

#include "notification/outbox.hpp"

namespace SQLite {
class Column;
class Statement;
}  // namespace SQLite

/// What the outbox's rows in SQLite have in their columns; for this room alone.
namespace nearline::notification {

void bind_bytes(SQLite::Statement& statement, int index, const std::optional<std::string>& bytes);
void bind_id(SQLite::Statement& statement, int index, const Uuid& id);

/// Throws std::runtime_error for what is no id.
Uuid read_id(const SQLite::Column& column);
std::optional<std::string> read_bytes(const SQLite::Column& column);

/// Of a row that has request_id and the record's columns, in the order of the table.
Entry read_entry(SQLite::Statement& row, const Uuid& user);

}  // namespace nearline::notification
