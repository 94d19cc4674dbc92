// POST /login and POST /validate over HTTP, on every store.

#include <algorithm>
#include <array>
#include <atomic>
#include <thread>
#include <vector>

#include "auth/passwords.hpp"
#include "contract/auth/auth_server.hpp"

namespace nearline::auth {
namespace {

using test::basic;
using test::seconds_now;
using ::testing::HasSubstr;
using ::testing::Not;

class Login : public test::AuthTest {};
INSTANTIATE_TEST_SUITE_P(All, Login, ::testing::ValuesIn(test::user_store_kinds),
                         [](const auto& each) { return each.param.name; });

/// The value of nearline_auth_hash_seconds_count or _sum.
double hash_seconds(const std::string& exposition, const std::string& suffix) {
    const std::string name = "\nnearline_auth_hash_seconds_" + suffix + " ";
    const auto at = exposition.find(name);
    return at == std::string::npos ? 0 : std::stod(exposition.substr(at + name.size()));
}

TEST_P(Login, AnswersTheTokenAndNothingElse) {
    serve({.token_lifetime = std::chrono::hours(2)});
    const std::int64_t before = seconds_now();
    const http::Response response = server_->login("Root@Example.com", password);
    ASSERT_EQ(200, response.status) << response.body;
    EXPECT_EQ("text/plain", response.headers.find("Content-Type"));
    EXPECT_EQ("no-store", response.headers.find("Cache-Control"));
    EXPECT_THAT(response.body, ::testing::MatchesRegex("[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+"));
    const auto claims = server_->jwt().verify(response.body, seconds_now());
    ASSERT_TRUE(claims);
    EXPECT_EQ(root_name, claims->username);
    EXPECT_TRUE(claims->admin);
    EXPECT_EQ(root_.id, claims->subject);
    EXPECT_GE(claims->iat, before);
    EXPECT_LE(claims->iat, seconds_now());
    EXPECT_EQ(claims->iat + 7'200, claims->exp);
    EXPECT_THAT(server_->metrics().exposition(), HasSubstr("nearline_auth_logins_total{result=\"success\"} 1"));
}

TEST_P(Login, AsksForNameAndPassword) {
    serve();
    const auto refused = [&](http::Headers headers) {
        const http::Response response = server_->send("POST", "/login", std::move(headers));
        EXPECT_EQ(R"(Basic realm="nearline", charset="UTF-8")", response.headers.find("WWW-Authenticate").value_or(""));
        return std::string(problem(response, 401).at("detail").as_string());
    };
    EXPECT_THAT(refused({}), HasSubstr("curl -u"));
    EXPECT_THAT(refused({{"Authorization", "Bearer x"}}), HasSubstr("curl -u"));
    EXPECT_THAT(refused({{"Authorization", "Basic !"}}), HasSubstr("base64"));
    const std::string wrong = refused({{"Authorization", basic(root_name, "admin124")}});
    EXPECT_EQ(wrong, refused({{"Authorization", basic("nobody@example.com", "admin123")}}));
    EXPECT_EQ(wrong, refused({{"Authorization", basic("nobody", "x")}}));
    EXPECT_EQ(wrong, refused({{"Authorization", basic(root_name, std::string("admin123\0", 9))}}));
    EXPECT_EQ(wrong, refused({{"Authorization", basic("\xFF\xFE", "\xFF")}}));
    EXPECT_EQ(405, server_->send("GET", "/login").status);
}

// Times are noise on a shared machine; what takes the time is the hash, and hashes are counted. A busy
// machine makes them slower, but nothing makes 19 MiB in two passes as fast as a refused hash is (10 us).
TEST_P(Login, AnUnknownNameCostsTheSameHashAsAWrongPassword) {
    serve();
    for (const std::string name : {ann_name, "nobody@example.com"}) {
        const std::string before = server_->metrics().exposition();
        EXPECT_EQ(401, server_->login(name, "wrong password").status);
        const std::string after = server_->metrics().exposition();
        EXPECT_EQ(1, hash_seconds(after, "count") - hash_seconds(before, "count")) << name;
        EXPECT_GT(hash_seconds(after, "sum") - hash_seconds(before, "sum"), 0.002) << name;
    }
}

TEST_P(Login, ManyFailuresAreSlowedDown) {
    serve();
    for (int i = 0; i < 5; ++i) EXPECT_EQ(401, server_->login(ann_name, "wrong password").status);
    const http::Response response = server_->login(ann_name, password);
    problem(response, 429);
    const int wait = std::stoi(std::string(response.headers.find("Retry-After").value_or("0")));
    EXPECT_GE(wait, 1);
    EXPECT_LE(wait, 15);
    EXPECT_EQ(200, server_->login(root_name, password).status) << "another name";
    EXPECT_THAT(server_->metrics().exposition(), HasSubstr("nearline_auth_logins_total{result=\"throttled\"} 1"));
}

TEST_P(Login, MoreThanCanWaitIsRefusedAndTheLoopStaysFree) {
    serve({.hash_threads = 1, .most_waiting_hashes = 2});
    std::atomic<bool> stop = false;
    std::atomic<int> succeeded = 0;
    std::atomic<int> refused = 0;
    const auto log_in_again_and_again = [&] {
        http::BlockingClient client(server_->url());
        while (!stop) {
            const auto response =
                test::AuthServer::ask(client, "POST", "/login", {{"Authorization", basic(root_name, password)}});
            if (response.status == 200) {
                ++succeeded;
                continue;
            }
            problem(response, 503);
            EXPECT_EQ("1", response.headers.find("Retry-After"));
            ++refused;
        }
    };
    std::vector<std::thread> clients;
    clients.reserve(8);
    for (int i = 0; i < 8; ++i) clients.emplace_back(log_in_again_and_again);
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while ((succeeded == 0 || refused == 0) && std::chrono::steady_clock::now() < deadline) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    const Gauge queue = server_->metrics().gauge("nearline_auth_hash_queue", "Password hashes that run or wait.");
    EXPECT_EQ(404, server_->send("GET", "/elsewhere").status) << "answered while passwords are being hashed";
    EXPECT_LE(queue.value(), 3);
    stop = true;
    for (auto& client : clients) client.join();
    EXPECT_GE(succeeded, 1);
    EXPECT_GE(refused, 1);
    EXPECT_EQ(0, queue.value());
    EXPECT_EQ(200, server_->login(root_name, password).status);
}

TEST_P(Login, RenewsAHashOfOlderParameters) {
    serve();
    ASSERT_GE(sodium_init(), 0);
    std::array<char, crypto_pwhash_STRBYTES> old{};
    ASSERT_EQ(0, crypto_pwhash_argon2id_str(old.data(), "admin123", 8, 1, 8192));
    const User user{.id = Uuid::random(), .name = "old@example.com", .created_at = long_ago, .changed_at = long_ago};
    server_->store().add(user, old.data());
    const std::string token = token_of("old@example.com");
    const auto account = server_->store().find_by_name("old@example.com");
    EXPECT_FALSE(needs_rehash(account->password_hash));
    EXPECT_TRUE(verify_password(account->password_hash, "admin123"));
    EXPECT_EQ(200, server_->validate(token).status) << "no token is void for it";
}

class Validate : public test::AuthTest {
protected:
    Claims claims(const User& user) const {
        return {.username = user.name,
                .exp = seconds_now() + 3'600,
                .iat = seconds_now(),
                .admin = user.admin,
                .subject = user.id};
    }
    void expect_void(const Claims& claims, const std::string& detail) {
        const http::Response response = server_->validate(server_->jwt().sign(claims));
        EXPECT_THAT(std::string(problem(response, 401).at("detail").as_string()), HasSubstr(detail));
        EXPECT_THAT(std::string(response.headers.find("WWW-Authenticate").value_or("")), HasSubstr("Bearer"));
    }
};
INSTANTIATE_TEST_SUITE_P(All, Validate, ::testing::ValuesIn(test::user_store_kinds),
                         [](const auto& each) { return each.param.name; });

TEST_P(Validate, AnswersFourClaimsInOrder) {
    serve();
    const std::string token = token_of(ann_name);
    const auto claims = server_->jwt().verify(token, seconds_now()).value();
    const http::Response response = server_->validate(token);
    EXPECT_EQ(200, response.status);
    EXPECT_EQ("application/json", response.headers.find("Content-Type"));
    EXPECT_EQ("no-store", response.headers.find("Cache-Control"));
    EXPECT_EQ("{\"admin\":false,\"exp\":" + std::to_string(claims.exp) + ",\"iat\":" + std::to_string(claims.iat) +
                  ",\"username\":\"ann@example.com\"}",
              response.body);
}

TEST_P(Validate, SaysAdminAsTheDatabaseSays) {
    serve();
    Claims modest = claims(root_);
    modest.admin = false;
    EXPECT_THAT(server_->validate(server_->jwt().sign(modest)).body, HasSubstr("\"admin\":true"));
    Claims bold = claims(ann_);
    bold.admin = true;
    EXPECT_THAT(server_->validate(server_->jwt().sign(bold)).body, HasSubstr("\"admin\":false"));
    EXPECT_EQ(200, server_->with_token(server_->jwt().sign(modest), "GET", "/users").status);
    EXPECT_EQ(403, server_->with_token(server_->jwt().sign(bold), "GET", "/users").status);
}

TEST_P(Validate, RefusesWhatIsNoTokenOfOurs) {
    serve();
    problem(server_->send("POST", "/validate"), 401);
    problem(server_->send("POST", "/validate", {{"Authorization", basic(root_name, password)}}), 401);
    problem(server_->validate("not.a.token"), 401);
    const token::Jwt other("another secret of more than 32 bytes");
    problem(server_->validate(other.sign(claims(ann_))), 401);
    Claims expired = claims(ann_);
    expired.exp = seconds_now() - 120;
    expired.iat = expired.exp - 100;
    expect_void(expired, "expired");
}

TEST_P(Validate, RefusesUsersWhoAreGoneOrNeverWere) {
    serve();
    Claims stranger = claims(ann_);
    stranger.subject = Uuid::random();
    expect_void(stranger, "no more");
    Claims mixed = claims(ann_);
    mixed.username = root_name;
    expect_void(mixed, "no more");
    const std::string token = token_of(ann_name);
    server_->store().remove(ann_.id, seconds_now());
    problem(server_->validate(token), 401);
    EXPECT_EQ(401, server_->login(ann_name, password).status);
}

TEST_P(Validate, TokensAreVoidOnceAUserHasChanged) {
    serve();
    const std::string token = token_of(ann_name);
    EXPECT_EQ(200, server_->validate(token).status);
    server_->store().set_admin(ann_.id, true, seconds_now());
    EXPECT_THAT(std::string(problem(server_->validate(token), 401).at("detail").as_string()),
                HasSubstr("log in again"));
    const std::string again = token_of(ann_name);
    EXPECT_LE(server_->jwt().verify(again, seconds_now()).value().iat, seconds_now()) << "not from the future";
    EXPECT_THAT(server_->validate(again).body, HasSubstr("\"admin\":true")) << "right after the change";
}

}  // namespace
}  // namespace nearline::auth
