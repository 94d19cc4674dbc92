#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "registry/embedded_registry.hpp"

namespace SQLite {
class Database;
class Statement;
}  // namespace SQLite

namespace nearline::registry {

/// The tables of the embedded registry, without its rules. For embedded_registry.cpp: one thread at a time;
/// every call inside a transaction of the caller's; throws SQLite::Exception.
class RegistryTables {
public:
    explicit RegistryTables(const std::string& file);
    ~RegistryTables();

    SQLite::Database& database() noexcept { return *database_; }

    /// The id of a schema by its canonical form.
    std::optional<std::int32_t> find_id(const std::string& canonical);
    std::int32_t insert_schema(const std::string& canonical, const std::string& text);

    /// By version, the oldest first.
    std::vector<SchemaVersion> versions(const std::string& subject, Scope scope);
    /// By subject and version.
    std::vector<SchemaVersion> versions_of(std::int32_t id, Scope scope);
    std::vector<std::string> subjects(Scope scope, const std::string& prefix);

    void insert_version(const std::string& subject, int version, std::int32_t id);
    void mark_deleted(const std::string& subject, int version);
    void erase(const std::string& subject, int version);

    /// A subject's compatibility level, or that of all where `subject` is empty.
    std::optional<std::string> level(const std::string& subject);
    void set_level(const std::string& subject, const std::optional<std::string>& level);

private:
    static std::vector<SchemaVersion> read_versions(SQLite::Statement& statement);

    std::unique_ptr<SQLite::Database> database_;
};

}  // namespace nearline::registry
