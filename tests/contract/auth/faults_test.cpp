// What auth-svc does while its database is away.

#include <thread>

#include "contract/auth/auth_server.hpp"

namespace nearline::auth {
namespace {

using test::basic;
using ::testing::HasSubstr;

class Faults : public ::testing::Test {
protected:
    void expect_unavailable(const http::Response& response) {
        EXPECT_EQ(503, response.status) << response.body;
        EXPECT_EQ("1", response.headers.find("Retry-After"));
        EXPECT_EQ("application/problem+json", response.headers.find("Content-Type"));
        EXPECT_THAT(response.body, HasSubstr("database does not answer"));
        EXPECT_EQ(std::string::npos, response.body.find("127.0.0.1")) << "where the database is, is nobody's business";
    }
    static void eventually(const std::function<bool()>& condition) {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
        while (!condition() && std::chrono::steady_clock::now() < deadline) {
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
        EXPECT_TRUE(condition());
    }

    test::MariadbServer mariadb_;
};

TEST_F(Faults, MysqlGoesAndComesBack) {
    test::AuthServer auth(make_mysql_user_store(test::test_mysql_options(mariadb_.url())), {});
    ASSERT_TRUE(add_user(auth.store(), {"root@example.com", "admin123", true}, 1'600'000'000));
    const http::Response login = auth.login("root@example.com", "admin123");
    ASSERT_EQ(200, login.status);
    EXPECT_TRUE(auth.health().missing().empty());

    mariadb_.kill();
    expect_unavailable(auth.validate(login.body));
    expect_unavailable(auth.login("root@example.com", "admin123"));
    expect_unavailable(auth.with_token(login.body, "GET", "/users"));
    expect_unavailable(auth.with_token(login.body, "DELETE", "/users/root@example.com"));
    EXPECT_THAT(auth.health().missing().at("mysql"), HasSubstr("MySQL at 127.0.0.1:"));
    EXPECT_THAT(auth.metrics().exposition(), HasSubstr("nearline_auth_logins_total{result=\"unavailable\"} 1"));

    mariadb_.start();
    eventually([&] { return auth.health().missing().empty(); });
    EXPECT_EQ(200, auth.validate(login.body).status);
    EXPECT_EQ(200, auth.login("root@example.com", "admin123").status);

    mariadb_.stop();
    mariadb_.start();
    EXPECT_EQ(200, auth.validate(login.body).status) << "a restart between two requests goes unnoticed";
}

TEST_F(Faults, MysqlThatIsAwayAtTheStartIsWaitedFor) {
    mariadb_.stop();
    test::AuthServer auth(make_mysql_user_store(test::test_mysql_options(mariadb_.url())), {});
    EXPECT_THAT(auth.health().missing().at("mysql"), HasSubstr("MySQL at 127.0.0.1:"));
    expect_unavailable(auth.login("root@example.com", "admin123"));
    mariadb_.start();
    eventually([&] { return auth.health().missing().empty(); });
    ASSERT_TRUE(add_user(auth.store(), {"root@example.com", "admin123", true}, 1'600'000'000));
    EXPECT_EQ(200, auth.login("root@example.com", "admin123").status);
}

// A client that gives up must not take a place for ever, and the server ends in time with work under way.
TEST_F(Faults, EndsWithRequestsUnderWay) {
    auto auth = std::make_unique<test::AuthServer>(make_mysql_user_store(test::test_mysql_options(mariadb_.url())),
                                                   ServiceOptions{.hash_threads = 1});
    ASSERT_TRUE(add_user(auth->store(), {"root@example.com", "admin123", true}, 1'600'000'000));
    std::vector<std::thread> clients;
    clients.reserve(10);
    for (int i = 0; i < 10; ++i) {
        clients.emplace_back([url = auth->url()] {
            try {
                http::BlockingClient client(url);
                http::ClientRequest request("POST", "/login",
                                            {{"Authorization", basic("root@example.com", "admin123")}});
                client.send(request);
            } catch (const Unavailable&) {
                // The server was stopped before it answered.
            }
        });
    }
    const Gauge queue = auth->metrics().gauge("nearline_auth_hash_queue", "Password hashes that run or wait.");
    while (queue.value() < 2) std::this_thread::yield();
    const auto start = std::chrono::steady_clock::now();
    auth.reset();
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
    for (auto& client : clients) client.join();
}

}  // namespace
}  // namespace nearline::auth
