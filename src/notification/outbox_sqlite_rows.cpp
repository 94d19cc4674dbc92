#include "notification/outbox_sqlite_rows.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <array>
#include <cstring>
#include <stdexcept>

#include "stream/embedded/header_codec.hpp"

namespace nearline::notification {

void bind_bytes(SQLite::Statement& statement, int index, const std::optional<std::string>& bytes) {
    if (bytes) {
        statement.bind(index, bytes->data(), static_cast<int>(bytes->size()));
    } else {
        statement.bind(index);
    }
}

void bind_id(SQLite::Statement& statement, int index, const Uuid& id) {
    statement.bind(index, id.bytes().data(), static_cast<int>(id.bytes().size()));
}

Uuid read_id(const SQLite::Column& column) {
    std::array<std::uint8_t, 16> bytes{};
    if (column.getBytes() != static_cast<int>(bytes.size())) throw std::runtime_error("an id in the outbox is no UUID");
    std::memcpy(bytes.data(), column.getBlob(), bytes.size());
    return Uuid(bytes);
}

std::optional<std::string> read_bytes(const SQLite::Column& column) {
    if (column.isNull()) return std::nullopt;
    return column.getString();
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

}  // namespace nearline::notification
