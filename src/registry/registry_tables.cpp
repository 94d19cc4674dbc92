#include "registry/registry_tables.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <array>

#include "store/sqlite.hpp"

namespace nearline::registry {
namespace {

/// AUTOINCREMENT: an id that records carry must never come to mean another schema.
const std::array migrations{store::Migration{1, "schemas, their versions by subject, compatibility levels", R"(
CREATE TABLE registry_schemas (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    canonical TEXT NOT NULL UNIQUE,
    text TEXT NOT NULL
);
CREATE TABLE registry_versions (
    subject TEXT NOT NULL,
    version INTEGER NOT NULL,
    schema_id INTEGER NOT NULL REFERENCES registry_schemas (id),
    deleted INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (subject, version)
) WITHOUT ROWID;
CREATE INDEX registry_versions_by_schema ON registry_versions (schema_id);
CREATE TABLE registry_levels (
    subject TEXT PRIMARY KEY,
    level TEXT NOT NULL
) WITHOUT ROWID;
)"}};

const std::string select_versions =
    "SELECT v.subject, v.version, v.schema_id, v.deleted, s.text FROM registry_versions v "
    "JOIN registry_schemas s ON s.id = v.schema_id ";

const char* and_of(Scope scope) {
    switch (scope) {
        case Scope::in_use:
            return " AND v.deleted = 0";
        case Scope::deleted:
            return " AND v.deleted = 1";
        case Scope::with_deleted:
            break;
    }
    return "";
}

}  // namespace

RegistryTables::RegistryTables(const std::string& file) : database_(store::open_sqlite(file)) {
    store::migrate(*database_, "registry", migrations);
}
RegistryTables::~RegistryTables() = default;

std::optional<std::int32_t> RegistryTables::find_id(const std::string& canonical) {
    SQLite::Statement statement(*database_, "SELECT id FROM registry_schemas WHERE canonical = ?");
    statement.bind(1, canonical);
    if (!statement.executeStep()) return std::nullopt;
    return statement.getColumn(0).getInt();
}

std::int32_t RegistryTables::insert_schema(const std::string& canonical, const std::string& text) {
    SQLite::Statement statement(*database_, "INSERT INTO registry_schemas (canonical, text) VALUES (?, ?)");
    statement.bind(1, canonical);
    statement.bind(2, text);
    statement.exec();
    return static_cast<std::int32_t>(database_->getLastInsertRowid());
}

std::vector<SchemaVersion> RegistryTables::read_versions(SQLite::Statement& statement) {
    std::vector<SchemaVersion> versions;
    while (statement.executeStep()) {
        versions.push_back({.subject = statement.getColumn(0).getString(),
                            .version = statement.getColumn(1).getInt(),
                            .id = statement.getColumn(2).getInt(),
                            .schema = statement.getColumn(4).getString(),
                            .deleted = statement.getColumn(3).getInt() != 0});
    }
    return versions;
}

std::vector<SchemaVersion> RegistryTables::versions(const std::string& subject, Scope scope) {
    SQLite::Statement statement(*database_,
                                select_versions + "WHERE v.subject = ?" + and_of(scope) + " ORDER BY v.version");
    statement.bind(1, subject);
    return read_versions(statement);
}

std::vector<SchemaVersion> RegistryTables::versions_of(std::int32_t id, Scope scope) {
    SQLite::Statement statement(
        *database_, select_versions + "WHERE v.schema_id = ?" + and_of(scope) + " ORDER BY v.subject, v.version");
    statement.bind(1, id);
    return read_versions(statement);
}

std::vector<std::string> RegistryTables::subjects(Scope scope, const std::string& prefix) {
    const std::string all_deleted = scope == Scope::deleted ? " HAVING MIN(v.deleted) = 1" : "";
    const std::string and_counted = scope == Scope::in_use ? and_of(scope) : "";
    SQLite::Statement statement(
        *database_, "SELECT v.subject FROM registry_versions v WHERE substr(v.subject, 1, length(?1)) = ?1" +
                        and_counted + " GROUP BY v.subject" + all_deleted + " ORDER BY v.subject");
    statement.bind(1, prefix);
    std::vector<std::string> subjects;
    while (statement.executeStep()) subjects.push_back(statement.getColumn(0).getString());
    return subjects;
}

void RegistryTables::insert_version(const std::string& subject, int version, std::int32_t id) {
    SQLite::Statement statement(*database_,
                                "INSERT INTO registry_versions (subject, version, schema_id) VALUES (?, ?, ?)");
    statement.bind(1, subject);
    statement.bind(2, version);
    statement.bind(3, id);
    statement.exec();
}

void RegistryTables::mark_deleted(const std::string& subject, int version) {
    SQLite::Statement statement(*database_,
                                "UPDATE registry_versions SET deleted = 1 WHERE subject = ? AND version = ?");
    statement.bind(1, subject);
    statement.bind(2, version);
    statement.exec();
}

void RegistryTables::erase(const std::string& subject, int version) {
    SQLite::Statement statement(*database_, "DELETE FROM registry_versions WHERE subject = ? AND version = ?");
    statement.bind(1, subject);
    statement.bind(2, version);
    statement.exec();
}

std::optional<std::string> RegistryTables::level(const std::string& subject) {
    SQLite::Statement statement(*database_, "SELECT level FROM registry_levels WHERE subject = ?");
    statement.bind(1, subject);
    if (!statement.executeStep()) return std::nullopt;
    return statement.getColumn(0).getString();
}

void RegistryTables::set_level(const std::string& subject, const std::optional<std::string>& level) {
    SQLite::Statement statement(*database_, level ? "INSERT INTO registry_levels (subject, level) VALUES (?1, ?2) "
                                                    "ON CONFLICT (subject) DO UPDATE SET level = excluded.level"
                                                  : "DELETE FROM registry_levels WHERE subject = ?1");
    statement.bind(1, subject);
    if (level) statement.bind(2, *level);
    statement.exec();
}

}  // namespace nearline::registry
