#include <atomic>
#include <barrier>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <thread>

#include "support/mariadb.hpp"

namespace nearline::store {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

std::int64_t connection_id(MysqlConnection& connection) {
    return connection.execute("SELECT CONNECTION_ID()").rows.at(0).integer(0);
}

class Pool : public ::testing::Test {
protected:
    // From the outside, as an operator or a server's restart does; returns once it is gone.
    void end_connection(std::int64_t id) {
        MysqlConnection other(database_.options());
        other.execute("KILL CONNECTION ?", {id});
        while (!other.execute("SELECT 1 FROM information_schema.processlist WHERE id = ?", {id}).rows.empty()) {
            std::this_thread::yield();
        }
    }

    std::int64_t count() { return MysqlPool::Lease(pool_)->execute("SELECT count(*) FROM t").rows.at(0).integer(0); }

    static MysqlOptions small(MysqlOptions options) {
        options.max_connections = 2;
        options.lease_timeout = std::chrono::milliseconds(50);
        return options;
    }

    test::MysqlDatabase database_;
    MysqlPool pool_{small(database_.options())};
};

TEST_F(Pool, KeepsConnections) {
    const std::int64_t first = connection_id(*MysqlPool::Lease(pool_));
    EXPECT_EQ(first, connection_id(*MysqlPool::Lease(pool_)));
}

TEST_F(Pool, IsBounded) {
    const MysqlPool::Lease first(pool_);
    {
        const MysqlPool::Lease second(pool_);
        EXPECT_NE(connection_id(*first), connection_id(*second));
        EXPECT_THAT([&] { MysqlPool::Lease third(pool_); },
                    ThrowsMessage<Unavailable>(AllOf(HasSubstr("all 2 connections"), HasSubstr("50 ms"))));
    }
    const MysqlPool::Lease third(pool_);
    EXPECT_GT(connection_id(*third), 0);
}

TEST_F(Pool, FailedConnectionsGiveTheirPlaceBack) {
    MysqlOptions options = pool_.options();
    options.password = "wrong";
    MysqlPool pool(options);
    for (int i = 0; i < 5; ++i) {
        EXPECT_THAT([&] { MysqlPool::Lease lease(pool); }, ThrowsMessage<Unavailable>(HasSubstr("Access denied")));
    }
}

TEST_F(Pool, AConnectionClosedWhileItRestedIsReplaced) {
    const std::int64_t first = connection_id(*MysqlPool::Lease(pool_));
    end_connection(first);
    EXPECT_NE(first, connection_id(*MysqlPool::Lease(pool_)));
}

TEST_F(Pool, LostInTheMiddleIsSaidAndRepeatableRunsAgain) {
    {
        const MysqlPool::Lease lease(pool_);
        end_connection(connection_id(*lease));
        EXPECT_THAT([&] { lease->execute("SELECT 1"); },
                    ThrowsMessage<MysqlConnectionLost>(HasSubstr("MySQL at 127.0.0.1:")));
        EXPECT_TRUE(lease->is_broken());
    }
    int runs = 0;
    const std::int64_t answer = pool_.repeatable([&](MysqlConnection& connection) {
        if (++runs == 1) end_connection(connection_id(connection));
        return connection.execute("SELECT 42").rows.at(0).integer(0);
    });
    EXPECT_EQ(42, answer);
    EXPECT_EQ(2, runs);
}

TEST_F(Pool, TransactionsAreAllOrNothing) {
    MysqlPool::Lease(pool_)->execute("CREATE TABLE t (x INT PRIMARY KEY)");
    pool_.transaction([](MysqlConnection& connection) {
        connection.execute("INSERT INTO t VALUES (1)");
        connection.execute("INSERT INTO t VALUES (2)");
    });
    EXPECT_EQ(2, count());
    EXPECT_THROW(pool_.transaction([](MysqlConnection& connection) {
        connection.execute("INSERT INTO t VALUES (3)");
        connection.execute("INSERT INTO t VALUES (1)");
    }),
                 MysqlError);
    EXPECT_EQ(2, count());
}

TEST_F(Pool, ATransactionThatLosesItsConnectionRunsAgain) {
    MysqlPool::Lease(pool_)->execute("CREATE TABLE t (x INT PRIMARY KEY)");
    int runs = 0;
    pool_.transaction([&](MysqlConnection& connection) {
        connection.execute("INSERT INTO t VALUES (1)");
        if (++runs == 1) end_connection(connection_id(connection));
        connection.execute("INSERT INTO t VALUES (2)");
    });
    EXPECT_EQ(2, runs);
    EXPECT_EQ(2, count());
}

TEST_F(Pool, ALostCommitIsForTheCallerToDecide) {
    MysqlPool::Lease(pool_)->execute("CREATE TABLE t (x INT PRIMARY KEY)");
    int runs = 0;
    EXPECT_THROW(pool_.transaction([&](MysqlConnection& connection) {
        connection.execute("INSERT INTO t VALUES (1)");
        ++runs;
        end_connection(connection_id(connection));
    }),
                 MysqlConnectionLost);
    EXPECT_EQ(1, runs);
    EXPECT_EQ(0, count());
}

TEST_F(Pool, DeadlocksAreResolvedByRepeating) {
    MysqlPool::Lease(pool_)->execute("CREATE TABLE t (x INT PRIMARY KEY, n INT NOT NULL)");
    MysqlPool::Lease(pool_)->execute("INSERT INTO t VALUES (1, 0), (2, 0)");
    std::barrier both_hold_one(2);
    std::atomic<int> runs = 0;
    const auto add_to_both = [&](std::int64_t first, std::int64_t second) {
        bool is_first_run = true;
        pool_.transaction([&](MysqlConnection& connection) {
            ++runs;
            connection.execute("UPDATE t SET n = n + 1 WHERE x = ?", {first});
            if (std::exchange(is_first_run, false)) both_hold_one.arrive_and_wait();
            connection.execute("UPDATE t SET n = n + 1 WHERE x = ?", {second});
        });
    };
    std::thread other([&] { add_to_both(2, 1); });
    add_to_both(1, 2);
    other.join();
    EXPECT_EQ(3, runs.load()) << "one of them was the victim of a deadlock";
    const MysqlRow sums = MysqlPool::Lease(pool_)->execute("SELECT min(n), max(n) FROM t").rows.at(0);
    EXPECT_EQ(2, sums.integer(0));
    EXPECT_EQ(2, sums.integer(1));
}

}  // namespace
}  // namespace nearline::store
