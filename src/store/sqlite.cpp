#include "store/sqlite.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <mutex>
#include <sqlite3.h>
#include <stdexcept>
#include <sys/stat.h>
#include <system_error>
#include <thread>
#include <unistd.h>

#include "domain/problem.hpp"
#include "domain/time.hpp"
#include "runtime/log.hpp"
#include "store/migration_plan.hpp"

namespace nearline::store {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void refuse(const std::string& path, const std::string& why) {
    throw std::runtime_error("SQLite database " + path + ": " + why);
}

// SQLite would make the file with the umask's mode; its -wal and -shm files take over the mode it finds.
// A file that is there is not opened: closing it would drop the POSIX locks of this process's other
// connections to it, and another process could then take away their write-ahead log.
void make_private_file(const std::string& path) {
    const fs::path folder = fs::path(path).parent_path();
    std::error_code error;
    if (!folder.empty() && fs::create_directories(folder, error)) {
        fs::permissions(folder, fs::perms::owner_all, error);
        // Who has misspelt a path finds an empty database there.
        if (!error) log::info("made the folder of a new database", {{"folder", folder.string()}});
    }
    if (error) refuse(path, "its folder can't be made: " + error.message());
    const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (descriptor >= 0) {
        ::close(descriptor);
    } else if (errno != EEXIST) {
        refuse(path, std::strerror(errno));
    }
}

bool can_pass(int code) noexcept {
    return code == SQLITE_BUSY || code == SQLITE_LOCKED || code == SQLITE_FULL || code == SQLITE_IOERR ||
           code == SQLITE_NOMEM;
}

[[noreturn]] void throw_named(const std::string& path, const SQLite::Exception& error) {
    const std::string what = "SQLite database " + path + ": " + error.what();
    if (can_pass(error.getErrorCode())) throw Unavailable(what);
    throw std::runtime_error(what);
}

// By default SQLite counts its memory under one lock for the whole process, taken by each allocation of each
// connection. It can only be told before its first use.
void count_no_memory() {
    static std::once_flag once;
    std::call_once(once, [] { ::sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); });
}

// Two processes that turn a new file to the write-ahead log at once are told "locked" at once,
// whatever the busy time-out says.
std::string to_write_ahead_log(SQLite::Database& database, std::chrono::milliseconds busy_timeout) {
    const auto deadline = std::chrono::steady_clock::now() + busy_timeout;
    for (;;) {
        try {
            return database.execAndGet("PRAGMA journal_mode = WAL").getString();
        } catch (const SQLite::Exception& error) {
            if (error.getErrorCode() != SQLITE_BUSY || std::chrono::steady_clock::now() >= deadline) throw;
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
    }
}

}  // namespace

std::unique_ptr<SQLite::Database> open_sqlite(const std::string& path, const SqliteOptions& options) {
    if (path.empty()) throw std::runtime_error("SQLite database: no path given");
    if (!options.read_only) make_private_file(path);
    count_no_memory();
    try {
        // Without SQLite's own locks: a connection is for one thread at a time.
        const int flags = SQLite::OPEN_NOMUTEX | (options.read_only ? SQLite::OPEN_READONLY : SQLite::OPEN_READWRITE);
        auto database = std::make_unique<SQLite::Database>(path, flags, static_cast<int>(options.busy_timeout.count()));
        if (!options.read_only) {
            const std::string mode = to_write_ahead_log(*database, options.busy_timeout);
            if (mode != "wal") refuse(path, "no write-ahead log on this file system (journal_mode is " + mode + ")");
            const bool full = options.synchronous == SqliteOptions::Synchronous::full;
            database->exec(full ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
        }
        database->exec("PRAGMA foreign_keys = ON");
        return database;
    } catch (const SQLite::Exception& error) {
        throw_named(path, error);
    }
}

void migrate(SQLite::Database& database, std::string_view component, std::span<const Migration> steps) {
    require_rising(component, steps);
    try {
        // IMMEDIATE: whoever comes second waits here and then finds the work done.
        SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
        database.exec(
            "CREATE TABLE IF NOT EXISTS nearline_migrations (component TEXT NOT NULL, version INTEGER NOT NULL, "
            "name TEXT NOT NULL, finished_at TEXT NOT NULL, PRIMARY KEY (component, version)) WITHOUT ROWID");
        SQLite::Statement last(database,
                               "SELECT coalesce(max(version), 0) FROM nearline_migrations WHERE component = ?");
        last.bind(1, std::string(component));
        last.executeStep();
        const int present = last.getColumn(0).getInt();
        last.reset();
        for (const Migration& step : steps_to_do(component, steps, present, database.getFilename())) {
            database.exec(step.sql);
            SQLite::Statement note(database, "INSERT INTO nearline_migrations VALUES (?, ?, ?, ?)");
            note.bind(1, std::string(component));
            note.bind(2, step.version);
            note.bind(3, step.name);
            note.bind(4, to_created_at(wall_now()));
            note.exec();
        }
        transaction.commit();
    } catch (const SQLite::Exception& error) {
        throw_sqlite(database, error);
    }
}

void throw_sqlite(const SQLite::Database& database, const SQLite::Exception& error) {
    throw_named(database.getFilename(), error);
}

}  // namespace nearline::store
