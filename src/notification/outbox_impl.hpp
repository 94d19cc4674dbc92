#pragma once

#include <memory>
#include <string>

#include "notification/outbox.hpp"
#include "store/mysql.hpp"

/// What the two outboxes share; for this room alone.
namespace nearline::notification {

std::unique_ptr<Outbox> make_sqlite_outbox(std::string path);
std::unique_ptr<Outbox> make_mysql_outbox(store::MysqlOptions options);

/// The name of the tables in nearline_migrations.
inline constexpr std::string_view outbox_component = "outbox";

const std::vector<store::Migration>& sqlite_outbox_tables();
const std::vector<store::Migration>& mysql_outbox_tables();

/// The column `state`. An entry's way: waiting, composed (in a mail that has not ended), one of the rest.
namespace entry_state {
inline constexpr std::int64_t waiting = 0;
inline constexpr std::int64_t composed = 1;
inline constexpr std::int64_t sent = 2;
inline constexpr std::int64_t skipped = 3;
inline constexpr std::int64_t dead = 4;
}  // namespace entry_state

std::int64_t to_state(Outbox::End end) noexcept;

/// The column `failures` of whom a claim may take has no more than that.
std::int64_t most_failures(Outbox::Whom whom) noexcept;

/// The column `outcome`: an id has one prediction; failures, which are not mailed, would be another.
inline constexpr std::int64_t outcome_prediction = 200;

/// Ids of users in the order in which rows are locked, each once.
std::vector<Uuid> users_of(std::span<const Entry> entries);

}  // namespace nearline::notification
