#include "support/mariadb.hpp"

#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <utility>

#include "domain/uuid.hpp"
#include "support/command.hpp"

namespace nearline::test {
namespace {

// The server of this run: from outside, or one for this process, which ends with it.
const std::string& shared_url() {
    static const std::string given = [] {
        const char* const url = std::getenv("NEARLINE_TEST_MYSQL");
        return std::string(url == nullptr ? "" : url);
    }();
    if (!given.empty()) return given;
    static const MariadbServer own;
    return own.url();
}

void execute(const store::MysqlOptions& server, const std::string& sql) {
    store::MysqlConnection(server).execute(sql);
}

}  // namespace

store::MysqlOptions test_mysql_options(const std::string& url) {
    store::MysqlOptions options = store::parse_mysql_url(url);
    const char* const password = std::getenv("MYSQL_PASSWORD");
    options.password = password == nullptr ? "nearline" : password;
    return options;
}

MariadbServer::MariadbServer(std::string options) : options_(std::move(options)) {
    start();
}

MariadbServer::~MariadbServer() {
    try {
        kill();
    } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n", error.what());
    }
}

void MariadbServer::start() {
    url_ = run("start");
}
void MariadbServer::stop() {
    run("stop");
}
void MariadbServer::kill() {
    run("kill");
}

std::string MariadbServer::run(const std::string& command) const {
    const std::string line = "tests/servers/mariadb " + command + " '" + (dir_ / "mariadb") + "' " +
                             (command == "start" ? options_ : std::string());
    return output_of(line);
}

MysqlDatabase::MysqlDatabase() : options_(test_mysql_options(shared_url())) {
    const store::MysqlOptions server = options_;
    options_.database = "nearline_test_" + sha256_hex(Uuid::random().to_string()).substr(0, 12);
    execute(server, "CREATE DATABASE " + options_.database + " CHARACTER SET utf8mb4");
}

MysqlDatabase::~MysqlDatabase() {
    try {
        execute(options_, "DROP DATABASE " + options_.database);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n", error.what());
    }
}

}  // namespace nearline::test
