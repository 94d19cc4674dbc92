#include <cstdlib>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

#include "support/mariadb.hpp"

namespace nearline::store {
namespace {

using std::chrono::steady_clock;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

// Accepts connections in the kernel and never says a word.
class SilentServer {
public:
    SilentServer() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t length = sizeof address;
        auto* const raw = reinterpret_cast<sockaddr*>(&address);
        EXPECT_EQ(0, ::bind(socket_, raw, length));
        EXPECT_EQ(0, ::listen(socket_, 5));
        EXPECT_EQ(0, ::getsockname(socket_, raw, &length));
        port_ = ntohs(address.sin_port);
    }
    ~SilentServer() { ::close(socket_); }
    int port() const { return port_; }

private:
    int socket_;
    int port_ = 0;
};

MysqlOptions at_port(int port) {
    return {.host = "127.0.0.1",
            .port = port,
            .user = "nearline",
            .database = "nearline",
            .connect_timeout = std::chrono::seconds(1)};
}

TEST(MysqlFaults, RefusedIsUnavailable) {
    int port = 0;
    { port = SilentServer().port(); }
    const std::string address = "MySQL at 127.0.0.1:" + std::to_string(port) + ": ";
    EXPECT_THAT([&] { MysqlConnection connection(at_port(port)); }, ThrowsMessage<Unavailable>(HasSubstr(address)));
}

TEST(MysqlFaults, SilenceIsUnavailableInTime) {
    const SilentServer server;
    const auto start = steady_clock::now();
    EXPECT_THROW(MysqlConnection connection(at_port(server.port())), Unavailable);
    EXPECT_LT(steady_clock::now() - start, std::chrono::seconds(4));
}

TEST(MysqlFaults, AStatementWithoutAnswerIsUnavailableInTime) {
    const test::MysqlDatabase database;
    MysqlOptions options = database.options();
    options.io_timeout = std::chrono::seconds(1);
    MysqlConnection connection(options);
    EXPECT_THROW(connection.execute("SELECT SLEEP(30)"), MysqlConnectionLost);
    EXPECT_TRUE(connection.is_broken());
}

TEST(MysqlFaults, AServerThatDiesAndComesBackIsUsedAgain) {
    test::MariadbServer server;
    MysqlPool pool(test::test_mysql_options(server.url()));
    const auto ask = [&] {
        return pool.repeatable(
            [](MysqlConnection& connection) { return connection.execute("SELECT x FROM t").rows.at(0).integer(0); });
    };
    pool.repeatable([](MysqlConnection& connection) { return connection.execute("CREATE TABLE t (x INT)"); });
    pool.repeatable([](MysqlConnection& connection) { return connection.execute("INSERT INTO t VALUES (7)"); });
    EXPECT_EQ(7, ask());
    server.kill();
    const auto start = steady_clock::now();
    EXPECT_THAT(ask, ThrowsMessage<Unavailable>(HasSubstr("MySQL at 127.0.0.1:")));
    EXPECT_LT(steady_clock::now() - start, std::chrono::seconds(1));
    server.start();
    EXPECT_EQ(7, ask());
    server.stop();
    server.start();
    EXPECT_EQ(7, MysqlPool::Lease(pool)->execute("SELECT x FROM t").rows.at(0).integer(0))
        << "a restart between two statements goes unnoticed";
}

TEST(MysqlFaults, ARightThatIsTakenAwayCanPass) {
    const test::MariadbServer server;
    MysqlOptions options = test::test_mysql_options(server.url());
    MysqlConnection connection(options);
    connection.execute("CREATE TABLE t (x INT)");
    options.user = "root";
    options.password = "";
    MysqlConnection root(options);
    root.execute("CREATE USER reader IDENTIFIED BY 'nearline'");
    root.execute("GRANT SELECT ON nearline.t TO reader");
    MysqlOptions of_reader = test::test_mysql_options(server.url());
    of_reader.user = "reader";
    MysqlPool pool(of_reader);
    EXPECT_THAT([&] { MysqlPool::Lease(pool)->execute("INSERT INTO t VALUES (1)"); },
                ThrowsMessage<Unavailable>(HasSubstr("INSERT command denied")));
    root.execute("GRANT INSERT ON nearline.t TO reader");
    MysqlPool::Lease(pool)->execute("INSERT INTO t VALUES (1)");
    root.execute("ALTER USER reader ACCOUNT LOCK");
    EXPECT_THAT([&] { MysqlConnection locked(of_reader); }, ThrowsMessage<Unavailable>(HasSubstr("locked")));
}

// A certificate authority and a certificate for 127.0.0.1 of its own.
void make_certificates(const test::TempDir& dir) {
    const std::string make =
        "cd '" + dir.path().string() +
        "' && { "
        "openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 2 -subj /CN=test-ca && "
        "openssl req -newkey rsa:2048 -nodes -keyout key.pem -out request.pem -subj /CN=127.0.0.1 && "
        "printf 'subjectAltName=IP:127.0.0.1' >extensions && "
        "openssl x509 -req -in request.pem -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile extensions -out "
        "cert.pem && "
        "openssl req -x509 -newkey rsa:2048 -nodes -keyout other.key -out other-ca.pem -days 2 -subj /CN=other-ca; "
        "} >openssl.log 2>&1";
    ASSERT_EQ(0, std::system(make.c_str()));
}

TEST(MysqlFaults, TlsIsVerifiedAgainstTheAuthority) {
    const test::TempDir dir;
    ASSERT_NO_FATAL_FAILURE(make_certificates(dir));
    const test::MariadbServer server("--ssl-cert='" + (dir / "cert.pem") + "' --ssl-key='" + (dir / "key.pem") +
                                     "' --require-secure-transport=ON");
    const auto cipher = [&](const std::string& query) {
        MysqlConnection connection(test::test_mysql_options(server.url() + query));
        return connection.execute("SHOW STATUS LIKE 'Ssl_cipher'").rows.at(0).text(1);
    };
    EXPECT_NE("", cipher("?ssl-mode=required"));
    EXPECT_NE("", cipher("?ssl-ca=" + (dir / "ca.pem")));
    EXPECT_THAT([&] { cipher("?ssl-ca=" + (dir / "other-ca.pem")); },
                ThrowsMessage<Unavailable>(AllOf(HasSubstr("MySQL at"), HasSubstr("certificate"))));
    EXPECT_THROW(cipher("?ssl-mode=verified"), Unavailable);
    EXPECT_THROW(cipher(""), std::exception) << "the server wants TLS";
}

}  // namespace
}  // namespace nearline::store
