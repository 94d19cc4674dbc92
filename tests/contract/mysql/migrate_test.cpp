#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <vector>

#include "support/mariadb.hpp"
#include "support/processes.hpp"

namespace nearline::store {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

const std::vector<Migration> steps = {
    {1, "make a", "CREATE TABLE a (x INT) ENGINE = InnoDB"},
    {2, "more columns", "ALTER TABLE a ADD COLUMN y INT, ADD COLUMN z INT"},
    {3, "an index", "CREATE INDEX a_y ON a (y)"},
    {4, "a first row", "INSERT INTO a VALUES (1, 2, 3)"},
};

class MysqlMigrate : public ::testing::Test {
protected:
    std::int64_t number(std::string_view sql) { return MysqlPool::Lease(pool_)->execute(sql).rows.at(0).integer(0); }
    test::MysqlDatabase database_;
    MysqlPool pool_{database_.options()};
};

TEST_F(MysqlMigrate, RunsEachStepOnceAndComponentsApart) {
    migrate(pool_, "test", std::span(steps).first(1));
    migrate(pool_, "test", steps);
    migrate(pool_, "test", steps);
    migrate(pool_, "other", std::vector<Migration>{{1, "make c", "CREATE TABLE c (x INT)"}});
    EXPECT_EQ(1, number("SELECT count(*) FROM a"));
    EXPECT_EQ(5, number("SELECT count(*) FROM nearline_migrations WHERE finished_at IS NOT NULL"));
}

TEST_F(MysqlMigrate, MakesUpForOneThatDiedBeforeItTookNote) {
    for (std::size_t done = 1; done <= 3; ++done) {
        migrate(pool_, "test", std::span(steps).first(done));
        // As the dead process left it: the step ran, nobody wrote that it did.
        MysqlPool::Lease(pool_)->execute("UPDATE nearline_migrations SET finished_at = NULL WHERE version = ?",
                                         {static_cast<std::int64_t>(done)});
    }
    migrate(pool_, "test", steps);
    EXPECT_EQ(4, number("SELECT count(*) FROM nearline_migrations WHERE finished_at IS NOT NULL"));
    EXPECT_EQ(1, number("SELECT count(*) FROM a"));
}

TEST_F(MysqlMigrate, WhatIsThereAndWasNeverBegunIsAnError) {
    MysqlPool::Lease(pool_)->execute("CREATE TABLE a (whose INT)");
    EXPECT_THAT([&] { migrate(pool_, "test", steps); }, ThrowsMessage<MysqlError>(HasSubstr("already exists")));
}

TEST_F(MysqlMigrate, RefusesADatabaseFromANewerVersion) {
    migrate(pool_, "test", steps);
    EXPECT_THAT([&] { migrate(pool_, "test", std::span(steps).first(2)); },
                ThrowsMessage<std::runtime_error>(
                    AllOf(HasSubstr(database_.options().database), HasSubstr("version 4"), HasSubstr("up to 2"))));
}

TEST_F(MysqlMigrate, ManyProcessesAtOnce) {
    EXPECT_EQ(0, test::failures_in_processes(6, [&](int) {
                  MysqlPool pool(database_.options());
                  migrate(pool, "test", steps);
              }));
    EXPECT_EQ(1, number("SELECT count(*) FROM a"));
    EXPECT_EQ(4, number("SELECT count(*) FROM nearline_migrations WHERE finished_at IS NOT NULL"));
}

}  // namespace
}  // namespace nearline::store
