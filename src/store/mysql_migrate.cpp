#include <chrono>
#include <mysqld_error.h>

#include "domain/uuid.hpp"
#include "store/migration_plan.hpp"
#include "store/mysql.hpp"

namespace nearline::store {
namespace {

constexpr auto most_wait = std::chrono::minutes(2);

// GET_LOCK's names hold for the whole server and may be 64 bytes long.
std::string lock_name(const MysqlOptions& options) {
    return "nearline:" + sha256_hex(options.database).substr(0, 32);
}

// Held until the connection ends. Galera has no GET_LOCK across its nodes: there, migrate from one process.
void take_lock(MysqlConnection& connection, const MysqlOptions& options) {
    const auto deadline = std::chrono::steady_clock::now() + most_wait;
    for (;;) {
        const MysqlResult answer = connection.execute("SELECT GET_LOCK(?, 1)", {lock_name(options)});
        const MysqlRow& row = answer.rows.at(0);
        if (!row.is_null(0) && row.integer(0) == 1) return;
        if (std::chrono::steady_clock::now() >= deadline) {
            throw Unavailable("MySQL at " + options.address() + ": another process has been changing the tables of " +
                              options.database + " for two minutes");
        }
    }
}

bool is_there_already(unsigned code) {
    return code == ER_TABLE_EXISTS_ERROR || code == ER_DUP_FIELDNAME || code == ER_DUP_KEYNAME ||
           code == ER_CANT_DROP_FIELD_OR_KEY || code == ER_BAD_TABLE_ERROR;
}

void run_step(MysqlConnection& connection, const std::string& component, const Migration& step) {
    const bool was_begun = connection
                               .execute(
                                   "INSERT IGNORE INTO nearline_migrations (component, version, name, started_at) "
                                   "VALUES (?, ?, ?, UTC_TIMESTAMP(6))",
                                   {component, std::int64_t{step.version}, step.name})
                               .matched == 0;
    try {
        connection.execute(step.sql);
    } catch (const MysqlError& error) {
        // Whoever began it died before taking note.
        if (!was_begun || !is_there_already(error.code())) throw;
    }
    connection.execute(
        "UPDATE nearline_migrations SET finished_at = UTC_TIMESTAMP(6) WHERE component = ? AND version = ?",
        {component, std::int64_t{step.version}});
}

}  // namespace

void migrate(MysqlPool& pool, std::string_view component, std::span<const Migration> steps) {
    require_rising(component, steps);
    MysqlOptions options = pool.options();
    options.io_timeout = std::chrono::minutes(30);  // a step on a large table takes its time
    MysqlConnection connection(options);
    take_lock(connection, options);
    connection.execute(
        "CREATE TABLE IF NOT EXISTS nearline_migrations ("
        "component VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL, version INT NOT NULL, "
        "name VARCHAR(255) NOT NULL, started_at DATETIME(6) NOT NULL, finished_at DATETIME(6) NULL, "
        "PRIMARY KEY (component, version)) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin");
    const std::string name(component);
    const MysqlResult present = connection.execute(
        "SELECT CAST(COALESCE(MAX(version), 0) AS SIGNED) FROM nearline_migrations "
        "WHERE component = ? AND finished_at IS NOT NULL",
        {name});
    const auto version = static_cast<int>(present.rows.at(0).integer(0));
    for (const Migration& step : steps_to_do(component, steps, version, options.address() + "/" + options.database)) {
        run_step(connection, name, step);
    }
}

}  // namespace nearline::store
