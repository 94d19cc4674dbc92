#pragma once

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "store/migration.hpp"

namespace SQLite {
class Database;
class Exception;
}  // namespace SQLite

/// SQLite for every embedded part. A .cpp file that holds what open_sqlite() gives includes
/// <SQLiteCpp/SQLiteCpp.h> itself.
namespace nearline::store {

struct SqliteOptions {
    /// full: a commit is on the disk when it returns. normal: the last commits may be missing after a
    /// power cut, never after the death of the process.
    enum class Synchronous { full, normal };
    Synchronous synchronous = Synchronous::full;
    std::chrono::milliseconds busy_timeout{5'000};  ///< how long a statement waits for another process's lock
    bool read_only = false;                         ///< the file must be there already
};

/// Opens the database, made with mode 0600 where it is missing, its folder with 0700; write-ahead log,
/// foreign keys checked. Throws std::runtime_error naming the path and the reason, Unavailable where
/// another process holds it locked. The connection is for one thread at a time.
std::unique_ptr<SQLite::Database> open_sqlite(const std::string& path, const SqliteOptions& options = {});

/// Brings the tables of one component up to the last of its steps, all in one transaction: any number of
/// processes may do so at once. `steps` rise by version. A file may hold several components.
/// Throws std::runtime_error where the file was written by a newer version or a step fails, Unavailable
/// as throw_sqlite() does.
void migrate(SQLite::Database& database, std::string_view component, std::span<const Migration> steps);

/// Says an SQLite error in Nearline's words: Unavailable for what can pass by itself (locked, disk full,
/// input/output error), else std::runtime_error; both name the file.
[[noreturn]] void throw_sqlite(const SQLite::Database& database, const SQLite::Exception& error);

}  // namespace nearline::store
