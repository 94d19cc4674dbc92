#include <cmath>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <limits>

#include "support/mariadb.hpp"

namespace nearline::store {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

class Mysql : public ::testing::Test {
protected:
    test::MysqlDatabase database_;
    MysqlConnection connection_{database_.options()};
};

TEST_F(Mysql, SessionIsStrictUtcAndUtf8) {
    const MysqlRow row =
        connection_.execute("SELECT @@sql_mode, @@time_zone, @@character_set_connection, @@autocommit").rows.at(0);
    EXPECT_THAT(row.text(0), AllOf(HasSubstr("STRICT_ALL_TABLES"), HasSubstr("NO_ENGINE_SUBSTITUTION")));
    EXPECT_EQ("+00:00", row.text(1));
    EXPECT_EQ("utf8mb4", row.text(2));
    EXPECT_EQ(1, row.integer(3));
}

TEST_F(Mysql, ValuesComeBackAsTheyWere) {
    connection_.execute(
        "CREATE TABLE t (id INT PRIMARY KEY, i BIGINT, d DOUBLE, s LONGTEXT CHARACTER SET utf8mb4, at DATETIME(6), u "
        "INT UNSIGNED)");
    const std::string large(2'000'000, 'x');
    const std::string hostile = "Robert'); DROP TABLE t;-- \" ` \\ % _ \xF0\x9F\x8C\xB7 \x01";
    const std::string insert = "INSERT INTO t VALUES (?, ?, ?, ?, ?, ?)";
    connection_.execute(insert, {std::int64_t{1}, std::numeric_limits<std::int64_t>::min(), 0.1, hostile,
                                 std::string("2022-12-29 00:07:11.830677"), std::int64_t{4'294'967'295}});
    connection_.execute(insert, {std::int64_t{2}, std::numeric_limits<std::int64_t>::max(), 1e300, large, {}, {}});
    connection_.execute(insert, {std::int64_t{3}, {}, {}, std::string(), {}, {}});
    const MysqlResult all = connection_.execute("SELECT i, d, s, at, u FROM t ORDER BY id");
    ASSERT_EQ(3U, all.rows.size());
    EXPECT_EQ(std::numeric_limits<std::int64_t>::min(), all.rows[0].integer(0));
    EXPECT_EQ(0.1, all.rows[0].number(1));
    EXPECT_EQ(hostile, all.rows[0].text(2));
    EXPECT_EQ("2022-12-29 00:07:11.830677", all.rows[0].text(3));
    EXPECT_EQ(4'294'967'295, all.rows[0].integer(4));
    EXPECT_EQ(std::numeric_limits<std::int64_t>::max(), all.rows[1].integer(0));
    EXPECT_EQ(1e300, all.rows[1].number(1));
    EXPECT_EQ(large, all.rows[1].text(2));
    EXPECT_TRUE(all.rows[2].is_null(0));
    EXPECT_TRUE(all.rows[2].is_null(1));
    EXPECT_EQ("", all.rows[2].text(2));
    EXPECT_THROW(all.rows[2].integer(0), std::bad_variant_access);
}

TEST_F(Mysql, MatchedCountsRowsHitEvenWhereNothingChanges) {
    connection_.execute("CREATE TABLE t (id INT PRIMARY KEY, x INT)");
    EXPECT_EQ(2U, connection_.execute("INSERT INTO t VALUES (1, 5), (2, 5)").matched);
    EXPECT_EQ(2U, connection_.execute("UPDATE t SET x = ?", {std::int64_t{5}}).matched);
    EXPECT_EQ(1U, connection_.execute("DELETE FROM t WHERE id = ?", {std::int64_t{1}}).matched);
    EXPECT_EQ(0U, connection_.execute("DELETE FROM t WHERE id = ?", {std::int64_t{1}}).matched);
}

TEST_F(Mysql, TheServersNoIsAnErrorAndTheConnectionGoesOn) {
    connection_.execute("CREATE TABLE t (id INT PRIMARY KEY, s VARCHAR(3))");
    connection_.execute("INSERT INTO t VALUES (?, 'abc')", {std::int64_t{1}});
    try {
        connection_.execute("INSERT INTO t VALUES (?, 'abc')", {std::int64_t{1}});
        FAIL();
    } catch (const MysqlError& error) {
        EXPECT_TRUE(error.is_duplicate_key());
        EXPECT_THAT(error.what(), AllOf(HasSubstr("MySQL at 127.0.0.1:"), HasSubstr("1062")));
    }
    EXPECT_THROW(connection_.execute("INSERT INTO t VALUES (2, ?)", {std::string("too long")}), MysqlError);
    EXPECT_THROW(connection_.execute("BABLE"), MysqlError);
    EXPECT_THROW(connection_.execute("SELECT 1; SELECT 2"), MysqlError);
    EXPECT_THROW(connection_.execute("SELECT ?"), std::logic_error);
    EXPECT_FALSE(connection_.is_broken());
    EXPECT_EQ(1, connection_.execute("SELECT count(*) FROM t").rows.at(0).integer(0));
}

TEST_F(Mysql, ATableChangedUnderAPreparedStatementIsNoticed) {
    connection_.execute("CREATE TABLE t (id INT)");
    connection_.execute("INSERT INTO t VALUES (1)");
    EXPECT_EQ(1, connection_.execute("SELECT * FROM t").rows.at(0).integer(0));
    MysqlConnection other(database_.options());
    other.execute("ALTER TABLE t MODIFY id VARCHAR(200)");
    other.execute("UPDATE t SET id = 'a longer text than the number was'");
    EXPECT_EQ("a longer text than the number was", connection_.execute("SELECT * FROM t").rows.at(0).text(0));
}

TEST_F(Mysql, ManyDifferentStatementsDontPileUpOnTheServer) {
    const auto prepared = [this] {
        return connection_.execute("SHOW SESSION STATUS LIKE 'Com_stmt_close'").rows.at(0).text(1);
    };
    for (int i = 0; i < 300; ++i) connection_.execute("SELECT " + std::to_string(i));
    EXPECT_GE(std::stoi(prepared()), 200);
}

TEST_F(Mysql, SaysHowLargeAStatementMayBe) {
    EXPECT_EQ(16U * 1024 * 1024, connection_.max_packet()) << "MariaDB's default";
    EXPECT_EQ(connection_.max_packet(), connection_.max_packet());
}

TEST_F(Mysql, WrongPasswordAndUnknownDatabaseAreSaidAndCanPass) {
    MysqlOptions options = database_.options();
    options.password = "wrong";
    EXPECT_THAT([&] { MysqlConnection connection(options); },
                ThrowsMessage<Unavailable>(AllOf(HasSubstr("MySQL at 127.0.0.1:"), HasSubstr("Access denied"))));
    options = database_.options();
    options.database = "nearline_missing";
    EXPECT_THAT([&] { MysqlConnection connection(options); },
                ThrowsMessage<Unavailable>(HasSubstr("nearline_missing")));
}

}  // namespace
}  // namespace nearline::store
