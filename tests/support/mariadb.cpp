#include "support/mariadb.hpp"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <utility>

#include "domain/uuid.hpp"

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
    FILE* const pipe = ::popen(line.c_str(), "r");
    if (pipe == nullptr) throw std::runtime_error("no shell for: " + line);
    std::string output;
    std::array<char, 256> buffer{};
    while (std::fgets(buffer.data(), static_cast<int>(buffer.size()), pipe) != nullptr) output += buffer.data();
    if (::pclose(pipe) != 0) throw std::runtime_error("failed: " + line);
    return output.substr(0, output.find('\n'));
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
