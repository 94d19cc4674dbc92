#include "store/sqlite.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fcntl.h>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdexcept>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include "domain/problem.hpp"
#include "support/processes.hpp"
#include "support/temp_dir.hpp"

namespace nearline::store {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

const std::vector<Migration> two_steps = {
    {1, "make a", "CREATE TABLE a (x INTEGER); INSERT INTO a VALUES (1)"},
    {2, "make b", "CREATE TABLE b (x INTEGER REFERENCES a)"},
};

mode_t mode_of(const std::string& path) {
    struct stat status {};
    EXPECT_EQ(0, ::stat(path.c_str(), &status)) << path;
    return status.st_mode & 0777;
}

TEST(OpenSqlite, MakesAPrivateDatabaseWithItsFolder) {
    const test::TempDir dir;
    const std::string path = dir / "deep/er/users.db";
    testing::internal::CaptureStderr();
    auto database = open_sqlite(path);
    EXPECT_THAT(testing::internal::GetCapturedStderr(),
                AllOf(HasSubstr("made the folder of a new database"), HasSubstr(dir / "deep/er")));
    database->exec("CREATE TABLE t (x)");
    EXPECT_EQ(0600U, mode_of(path));
    EXPECT_EQ(0600U, mode_of(path + "-wal"));
    EXPECT_EQ(0700U, mode_of(dir / "deep/er"));
    EXPECT_EQ("wal", database->execAndGet("PRAGMA journal_mode").getString());
    EXPECT_EQ(2, database->execAndGet("PRAGMA synchronous").getInt());
    EXPECT_EQ(1, database->execAndGet("PRAGMA foreign_keys").getInt());
}

TEST(OpenSqlite, NormalSyncsLess) {
    const test::TempDir dir;
    auto database = open_sqlite(dir / "x.db", {.synchronous = SqliteOptions::Synchronous::normal});
    EXPECT_EQ(1, database->execAndGet("PRAGMA synchronous").getInt());
}

TEST(OpenSqlite, ReadOnlyReadsAndRefusesToWrite) {
    const test::TempDir dir;
    open_sqlite(dir / "x.db")->exec("CREATE TABLE t (x)");
    auto reader = open_sqlite(dir / "x.db", {.read_only = true});
    EXPECT_EQ(0, reader->execAndGet("SELECT count(*) FROM t").getInt());
    EXPECT_THROW(reader->exec("INSERT INTO t VALUES (1)"), SQLite::Exception);
    EXPECT_THAT([&] { open_sqlite(dir / "missing.db", {.read_only = true}); },
                ThrowsMessage<std::runtime_error>(HasSubstr("missing.db")));
}

TEST(OpenSqlite, NamesPathAndReason) {
    const test::TempDir dir;
    std::ofstream(dir / "file") << "no database, and longer than a header of one hundred bytes would be, so that "
                                   "SQLite can see that it is none";
    EXPECT_THAT([&] { open_sqlite(dir / "file"); },
                ThrowsMessage<std::runtime_error>(AllOf(HasSubstr(dir / "file"), HasSubstr("not a database"))));
    EXPECT_THAT([&] { open_sqlite(dir / "file/x.db"); },
                ThrowsMessage<std::runtime_error>(AllOf(HasSubstr(dir / "file/x.db"), HasSubstr("Not a directory"))));
    EXPECT_THROW(open_sqlite(""), std::runtime_error);
}

// Whether another process sees this one's shared lock on the database, asked from a child: what keeps
// that process from believing itself the last one and removing the write-ahead log.
bool is_locked_for_others(const std::string& path) {
    const pid_t child = ::fork();
    if (child == 0) {
        const int file = ::open(path.c_str(), O_RDWR);
        struct flock lock {};
        lock.l_type = F_WRLCK;
        lock.l_start = 0x40000002;  // SHARED_FIRST of SQLite's locking protocol
        lock.l_len = 510;
        ::_exit(::fcntl(file, F_GETLK, &lock) == 0 && lock.l_type == F_RDLCK ? 0 : 1);
    }
    int status = -1;
    return ::waitpid(child, &status, 0) == child && status == 0;
}

TEST(OpenSqlite, ASecondConnectionLeavesTheFirstItsLocks) {
    const test::TempDir dir;
    const auto first = open_sqlite(dir / "x.db");
    first->exec("CREATE TABLE t (x)");
    ASSERT_TRUE(is_locked_for_others(dir / "x.db"));
    const auto second = open_sqlite(dir / "x.db");
    EXPECT_TRUE(is_locked_for_others(dir / "x.db"));
}

TEST(OpenSqlite, LockedByAnotherIsUnavailable) {
    const test::TempDir dir;
    auto holder = open_sqlite(dir / "x.db");
    holder->exec("BEGIN EXCLUSIVE");
    auto other = open_sqlite(dir / "x.db", {.busy_timeout = std::chrono::milliseconds(20)});
    EXPECT_THAT([&] { migrate(*other, "test", two_steps); },
                ThrowsMessage<Unavailable>(AllOf(HasSubstr("x.db"), HasSubstr("locked"))));
}

TEST(SqliteMigrate, RunsEachStepOnceAndComponentsApart) {
    const test::TempDir dir;
    auto database = open_sqlite(dir / "x.db");
    migrate(*database, "test", std::span(two_steps).first(1));
    migrate(*database, "test", two_steps);
    migrate(*database, "test", two_steps);
    migrate(*database, "other", std::vector<Migration>{{1, "make c", "CREATE TABLE c (x)"}});
    EXPECT_EQ(1, database->execAndGet("SELECT count(*) FROM a").getInt());
    EXPECT_EQ(3, database->execAndGet("SELECT count(*) FROM nearline_migrations").getInt());
}

TEST(SqliteMigrate, AFailedStepLeavesNothing) {
    const test::TempDir dir;
    auto database = open_sqlite(dir / "x.db");
    const std::vector<Migration> broken = {two_steps[0], {2, "fails", "CREATE TABLE b (x); CREATE BABLE"}};
    EXPECT_THAT([&] { migrate(*database, "test", broken); },
                ThrowsMessage<std::runtime_error>(AllOf(HasSubstr("x.db"), HasSubstr("BABLE"))));
    EXPECT_FALSE(database->tableExists("a"));
    EXPECT_FALSE(database->tableExists("nearline_migrations"));
    migrate(*database, "test", two_steps);
    EXPECT_TRUE(database->tableExists("b"));
}

TEST(SqliteMigrate, RefusesADatabaseFromANewerVersion) {
    const test::TempDir dir;
    auto database = open_sqlite(dir / "x.db");
    migrate(*database, "test", two_steps);
    EXPECT_THAT([&] { migrate(*database, "test", std::span(two_steps).first(1)); },
                ThrowsMessage<std::runtime_error>(AllOf(HasSubstr("x.db"), HasSubstr("version 2"), HasSubstr("up to 1"),
                                                        HasSubstr("newer version"))));
}

TEST(SqliteMigrate, RefusesGapsInTheProgramItself) {
    const test::TempDir dir;
    auto database = open_sqlite(dir / "x.db");
    EXPECT_THROW(migrate(*database, "test", std::vector<Migration>{{2, "gap", "SELECT 1"}}), std::logic_error);
}

TEST(SqliteMigrate, ManyProcessesAtOnce) {
    const test::TempDir dir;
    for (int round = 0; round < 5; ++round) {
        const std::string path = dir / ("x" + std::to_string(round) + ".db");
        EXPECT_EQ(0, test::failures_in_processes(6, [&](int) {
                      auto database = open_sqlite(path);
                      migrate(*database, "test", two_steps);
                  }));
        auto database = open_sqlite(path);
        EXPECT_EQ(1, database->execAndGet("SELECT count(*) FROM a").getInt());
        EXPECT_EQ(2, database->execAndGet("SELECT count(*) FROM nearline_migrations").getInt());
    }
}

}  // namespace
}  // namespace nearline::store
