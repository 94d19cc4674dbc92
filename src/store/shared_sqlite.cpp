#include "store/shared_sqlite.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include "domain/problem.hpp"

namespace nearline::store {

SharedSqlite::SharedSqlite(std::string path) : path_(std::move(path)) {}
SharedSqlite::~SharedSqlite() = default;

void SharedSqlite::open(const Work& prepare) {
    const std::lock_guard lock(mutex_);
    if (database_) return;
    auto database = open_sqlite(path_);
    prepare(*database);
    database_ = std::move(database);
}

void SharedSqlite::run(const Work& work) {
    const std::lock_guard lock(mutex_);
    if (!database_) throw Unavailable("SQLite database " + path_ + " is not open yet");
    try {
        work(*database_);
    } catch (const SQLite::Exception& error) {
        throw_sqlite(*database_, error);
    }
}

}  // namespace nearline::store
