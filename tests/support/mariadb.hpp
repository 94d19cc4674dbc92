#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "store/mysql.hpp"
#include "support/temp_dir.hpp"

namespace nearline::test {

/// A MariaDB of its own, started by tests/servers/mariadb, for tests that kill it. The working directory
/// is the repository's.
class MariadbServer {
public:
    /// `options`: for mariadbd, as in a shell.
    explicit MariadbServer(std::string options = {});
    ~MariadbServer();
    MariadbServer(const MariadbServer&) = delete;
    MariadbServer& operator=(const MariadbServer&) = delete;

    void start();  ///< again, on the same port and data
    void stop();
    void kill();  ///< as kill -9
    const std::string& url() const noexcept { return url_; }
    const TempDir& dir() const noexcept { return dir_; }

private:
    std::string run(const std::string& command) const;

    TempDir dir_;
    std::string options_;
    std::string url_;
};

/// An empty database with a name of its own on the test run's server (NEARLINE_TEST_MYSQL), or on one that
/// is started for this process when that is not set. Dropped at the end.
class MysqlDatabase {
public:
    MysqlDatabase();
    ~MysqlDatabase();
    MysqlDatabase(const MysqlDatabase&) = delete;
    MysqlDatabase& operator=(const MysqlDatabase&) = delete;

    const store::MysqlOptions& options() const noexcept { return options_; }

private:
    store::MysqlOptions options_;
};

/// The options for a URL, with the tests' password (MYSQL_PASSWORD, else nearline).
store::MysqlOptions test_mysql_options(const std::string& url);

}  // namespace nearline::test
