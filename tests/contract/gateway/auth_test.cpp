#include <atomic>

#include "fixture.hpp"
#include "worker.hpp"

namespace nearline::test {
namespace {

using namespace std::chrono_literals;

/// Answers as auth-svc does, or as a test wants it.
class AuthServer {
public:
    AuthServer() {
        loop_.start();
        start(0);
    }
    ~AuthServer() { stop(); }

    void start(int port) {
        const http::Handler handler = [this](const http::Request& request) { return answer(request); };
        http::ServerOptions options;
        options.service = "auth";
        options.port = port;
        http::Router router{{"POST", "/validate", handler},
                            {"POST", "/login", handler},
                            {"POST", "/register", handler},
                            {"PUT", "/users/{name}/notifications", handler}};
        server_ = std::make_unique<http::Server>(loop_, options, router, metrics_);
        server_->start();
        url_ = server_->url();
        port_ = server_->port();
    }
    void stop() {
        if (server_) server_->stop();
        server_.reset();
    }
    void start_again() { start(port_); }
    std::string url() const { return url_; }

    std::atomic<int> status{200};
    std::atomic<bool> admin{false};
    std::atomic<int> validations{0};
    std::string forwarded{};  // of the last request; read when it is answered
    std::string authorization{};
    std::string body{};
    std::string path{};

private:
    boost::asio::awaitable<http::Response> answer(const http::Request& request) {
        forwarded = request.headers.find("X-Forwarded-For").value_or("");
        authorization = request.headers.find("Authorization").value_or("");
        body = request.body;
        if (request.path == "/validate") {
            ++validations;
            co_return http::json_response(status, std::string(R"({"admin":)") + (admin ? "true" : "false") +
                                                      R"(,"exp":1,"iat":1,"username":"somebody@example.com"})");
        }
        path = request.path;
        if (request.method == "PUT") co_return http::Response{204};
        if (request.path == "/register") co_return http::json_response(201, "{}");
        if (status == 200) co_return http::Response{200, {{"Content-Type", "text/plain"}}, "a.b.c"};
        Problem problem{status, "Unauthorized", "Wrong name or password."};
        problem.www_authenticate = "Basic realm=\"nearline\"";
        problem.retry_after = 3s;
        co_return http::to_response(problem);
    }

    Metrics metrics_;
    http::EventLoop loop_{"auth"};
    std::unique_ptr<http::Server> server_;
    std::string url_;
    int port_ = 0;
};

class WithAuth : public testing::Test {
protected:
    WithAuth() {
        gateway = std::make_unique<Gateway>(world, [this](gateway::Options& options) {
            options.auth_url = auth.url();
            options.auth_keep = keep;
        });
        gateway->wait_until_ready();
    }

    const std::chrono::milliseconds keep = 500ms;
    World world;
    AuthServer auth;
    Worker worker{*world.stream, world.registry};
    std::unique_ptr<Gateway> gateway;
    Person person;
};

TEST_F(WithAuth, AYesCountsForAWhile) {
    // One and the same: another is made each second.
    const auto authorization = person.authorization();
    const auto status = [&] {
        const http::Headers headers{{"Authorization", authorization}, {"Content-Type", "application/json"}};
        return gateway->send({"POST", "/predict", headers, setosa}).status;
    };
    EXPECT_EQ(status(), 200);
    EXPECT_EQ(status(), 200);
    EXPECT_LE(auth.validations, 2);
    EXPECT_EQ(auth.authorization, authorization);
    auth.status = 401;
    EXPECT_TRUE(eventually([&] { return status() == 401; }, 3s));
    const int asked = auth.validations;
    EXPECT_EQ(status(), 401);
    EXPECT_EQ(auth.validations, asked + 1) << "a no is not kept";
    auth.status = 200;
    EXPECT_EQ(status(), 200);
}

TEST_F(WithAuth, ATokenThatIsNotGenuineIsNotAsked) {
    EXPECT_EQ(
        gateway
            ->send({"POST", "/predict", {{"Authorization", "Bearer x"}, {"Content-Type", "application/json"}}, setosa})
            .status,
        401);
    EXPECT_EQ(auth.validations, 0);
}

TEST_F(WithAuth, WhoIsAdministratorIsTheDatabasesWord) {
    const auto id = header(gateway->predict(Person{}), "X-Request-Id");
    Person administrator;
    administrator.admin = true;  // says the token
    EXPECT_EQ(gateway->get(administrator, "/predictions/" + id).status, 404);
    auth.admin = true;
    EXPECT_TRUE(eventually([&] { return gateway->get(administrator, "/predictions/" + id).status == 200; }, 3s));
}

TEST_F(WithAuth, ItsReturnIsNoticedWithoutRequests) {
    auth.stop();
    EXPECT_EQ(gateway->predict(person).status, 503);
    EXPECT_NE(gateway->missing().find("auth"), std::string::npos);
    auth.start_again();
    EXPECT_TRUE(eventually([&] { return gateway->missing().find("auth") == std::string::npos; }, 10s));
}

TEST_F(WithAuth, AwayMeansNobodyGetsIn) {
    auth.stop();
    const auto refused = gateway->predict(person);
    EXPECT_EQ(refused.status, 503);
    EXPECT_EQ(header(refused, "Retry-After"), "1");
    EXPECT_NE(gateway->missing().find("auth"), std::string::npos);
    EXPECT_EQ(gateway->send({"POST", "/login"}).status, 503);
    EXPECT_EQ(world.records("input-topic"), 0);
    auth.start_again();
    EXPECT_EQ(gateway->predict(person).status, 200);
    EXPECT_EQ(gateway->missing().find("auth"), std::string::npos);
}

TEST_F(WithAuth, AnErrorOfAuthLetsNobodyIn) {
    auth.status = 500;
    EXPECT_EQ(gateway->predict(person).status, 503);
    auth.status = 429;
    EXPECT_EQ(gateway->predict(person).status, 503);
}

TEST_F(WithAuth, LoginIsPassedOn) {
    http::ClientRequest request{
        "POST", "/login", {{"Authorization", "Basic eDp5"}, {"X-Forwarded-For", "203.0.113.7"}}};
    const auto response = gateway->send(request);
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body, "a.b.c");
    EXPECT_TRUE(header(response, "Content-Type").starts_with("text/plain"));
    EXPECT_EQ(auth.authorization, "Basic eDp5");
    EXPECT_EQ(auth.forwarded, "203.0.113.7, 127.0.0.1");

    auth.status = 401;
    const auto wrong = gateway->send(request);
    EXPECT_EQ(wrong.status, 401);
    EXPECT_EQ(header(wrong, "WWW-Authenticate"), "Basic realm=\"nearline\"");
    EXPECT_EQ(header(wrong, "Retry-After"), "3");
    EXPECT_EQ(header(wrong, "Content-Type"), "application/problem+json");
}

TEST_F(WithAuth, RegistrationsArePassedOnWithTheirBody) {
    const std::string user = R"({"username":"a@example.com","password":"correct horse"})";
    const auto response = gateway->send(
        {"POST", "/register", {{"Authorization", person.authorization()}, {"Content-Type", "application/json"}}, user});
    EXPECT_EQ(response.status, 201);
    EXPECT_EQ(auth.body, user);
    EXPECT_EQ(auth.forwarded, "127.0.0.1");
}

TEST_F(WithAuth, SwitchingMailOffIsPassedOn) {
    const std::string body = R"({"mail":false})";
    const http::Headers headers{{"Authorization", person.authorization()}, {"Content-Type", "application/json"}};
    const auto response = gateway->send({"PUT", "/users/a%2Bb@example.com/notifications", headers, body});
    EXPECT_EQ(response.status, 204);
    EXPECT_EQ(auth.path, "/users/a%2Bb@example.com/notifications");
    EXPECT_EQ(auth.body, body);
    EXPECT_EQ(auth.authorization, person.authorization());
}

TEST(WithoutAuth, ThereIsNoLogin) {
    World world;
    Gateway gateway(world);
    EXPECT_EQ(gateway.send({"POST", "/login"}).status, 404);
}

}  // namespace
}  // namespace nearline::test
