// POST /register and /users over HTTP, on every store.

#include <set>
#include <vector>

#include "contract/auth/auth_server.hpp"

namespace nearline::auth {
namespace {

using test::seconds_now;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class UsersApi : public test::AuthTest {
protected:
    static std::vector<std::string> pointers(const boost::json::object& problem) {
        std::vector<std::string> all;
        for (const auto& each : problem.at("errors").as_array()) all.emplace_back(each.at("pointer").as_string());
        return all;
    }
    http::Response register_user(const std::string& token, const std::string& body) {
        return server_->with_token(token, "POST", "/register", body);
    }
    http::Response register_openly(const std::string& body) {
        return server_->send("POST", "/register", {{"Content-Type", "application/json"}}, body);
    }
    static std::string mail_path(const std::string& name) { return "/users/" + name + "/notifications"; }
    static std::string password_path(const std::string& name) { return "/users/" + name + "/password"; }
};
INSTANTIATE_TEST_SUITE_P(All, UsersApi, ::testing::ValuesIn(test::user_store_kinds),
                         [](const auto& each) { return each.param.name; });

TEST_P(UsersApi, AnAdministratorRegistersUsers) {
    serve();
    const std::string root = token_of(root_name);
    const http::Response response =
        register_user(root, R"({"username":"New.One@example.com","password":"long enough"})");
    ASSERT_EQ(201, response.status) << response.body;
    const auto body = boost::json::parse(response.body).as_object();
    EXPECT_EQ("new.one@example.com", body.at("username").as_string());
    EXPECT_FALSE(body.at("admin").as_bool());
    EXPECT_EQ(std::string::npos, response.body.find("argon2"));
    const std::string location(response.headers.find("Location").value_or(""));
    EXPECT_EQ(response.body, server_->with_token(root, "GET", location).body);
    EXPECT_EQ(200, server_->login("new.one@example.com", "long enough").status);
    EXPECT_EQ(201,
              register_user(root, R"({"username":"boss@example.com","password":"long enough","admin":true})").status);
    EXPECT_TRUE(server_->store().find_by_name("boss@example.com")->user.admin);
}

TEST_P(UsersApi, NamesAreGivenOutOnce) {
    serve();
    const std::string root = token_of(root_name);
    problem(register_user(root, R"({"username":"ANN@example.com","password":"long enough"})"), 409);
    EXPECT_EQ(204, server_->with_token(root, "DELETE", "/users/ann@example.com").status);
    problem(register_user(root, R"({"username":"ann@example.com","password":"long enough"})"), 409);
}

TEST_P(UsersApi, RegistrationIsForAdministrators) {
    serve();
    const std::string body = R"({"username":"new@example.com","password":"long enough"})";
    const http::Response without = register_openly(body);
    EXPECT_THAT(std::string(without.headers.find("WWW-Authenticate").value_or("")), HasSubstr("Bearer"));
    problem(without, 401);
    problem(register_user(token_of(ann_name), body), 403);
    problem(register_openly("no json"), 401);
    EXPECT_FALSE(server_->store().find_by_name("new@example.com"));
}

TEST_P(UsersApi, OpenRegistrationIsForUsersAlone) {
    serve({.open_registration = true});
    EXPECT_EQ(201, register_openly(R"({"username":"new@example.com","password":"long enough"})").status);
    const std::string as_admin = R"({"username":"boss@example.com","password":"long enough","admin":true})";
    problem(register_openly(as_admin), 401);
    problem(register_user(token_of(ann_name), as_admin), 403);
    EXPECT_FALSE(server_->store().find_by_name("boss@example.com"));
    EXPECT_EQ(201, register_user(token_of(root_name), as_admin).status);
    problem(register_openly(R"({"username":"new@example.com","password":"long enough"})"), 409);
}

TEST_P(UsersApi, BadRegistrationsSayWhatIsWrong) {
    serve({.open_registration = true});
    EXPECT_THAT(pointers(problem(register_openly(R"({"username":"nobody","password":"short"})"), 422)),
                ElementsAre("/username", "/password"));
    problem(register_openly(R"({"username":)"), 400);
    problem(server_->send("POST", "/register", {{"Content-Type", "text/plain"}}, "{}"), 415);
    problem(server_->send("POST", "/register", {}, R"({"username":"a@b","password":"long enough"})"), 415);
    EXPECT_EQ(405, server_->send("GET", "/register").status);
}

TEST_P(UsersApi, AdministratorsMakeAdministrators) {
    serve();
    const std::string root = token_of(root_name);
    const std::string ann = token_of(ann_name);
    const auto path = [](const std::string& name) { return "/users/" + name + "/admin"; };
    problem(server_->with_token(ann, "PUT", path(ann_name), R"({"admin":true})"), 403);
    problem(server_->with_token(root, "PUT", path(root_name), R"({"admin":false})"), 409);
    problem(server_->with_token(root, "PUT", path("nobody@example.com"), R"({"admin":true})"), 404);
    EXPECT_THAT(pointers(problem(server_->with_token(root, "PUT", path(ann_name), R"({"admin":1,"x":2})"), 422)),
                ElementsAre("/admin", "/x"));

    EXPECT_EQ(204, server_->with_token(root, "PUT", path(ann_name), R"({"admin":true})").status);
    problem(server_->with_token(ann, "POST", "/validate"), 401);
    const std::string promoted = token_of(ann_name);
    EXPECT_EQ(204, server_->with_token(promoted, "PUT", path(ann_name), R"({"admin":true})").status);
    EXPECT_EQ(200, server_->with_token(promoted, "POST", "/validate").status) << "nothing changed";
    EXPECT_EQ(204, server_->with_token(promoted, "PUT", path(root_name), R"({"admin":false})").status);
    problem(server_->with_token(root, "POST", "/validate"), 401);
    problem(server_->with_token(promoted, "PUT", path(ann_name), R"({"admin":false})"), 409);
    EXPECT_FALSE(server_->store().find_by_name(root_name)->user.admin);
}

TEST_P(UsersApi, NamesWithOddCharactersHaveWorkingPaths) {
    serve();
    const std::string root = token_of(root_name);
    for (const std::string name : {"o'neil+box/1@example.com", "100%25?#@example.com", "{a|b}^`~@example.com"}) {
        const http::Response response =
            register_user(root, "{\"username\":\"" + name + R"(","password":"long enough"})");
        ASSERT_EQ(201, response.status) << response.body;
        const std::string location(response.headers.find("Location").value_or(""));
        EXPECT_EQ(response.body, server_->with_token(root, "GET", location).body) << location;
        EXPECT_EQ(204, server_->with_token(root, "DELETE", location).status) << location;
    }
}

TEST_P(UsersApi, ListsPagesByLink) {
    serve();
    const std::string root = token_of(root_name);
    std::set<std::string> expected{root_name, ann_name};
    for (int i = 0; i < 5; ++i) {
        const std::string name = "u+" + std::to_string(i) + "@example.com";
        server_->store().add({.id = Uuid::random(), .name = name, .created_at = long_ago, .changed_at = long_ago}, "x");
        expected.insert(name);
    }
    std::vector<std::string> listed;
    std::string target = "/users?limit=3";
    int pages = 0;
    for (;;) {
        const http::Response page = server_->with_token(root, "GET", target);
        ASSERT_EQ(200, page.status) << page.body;
        ++pages;
        const auto body = boost::json::parse(page.body);
        for (const auto& user : body.at("users").as_array()) listed.emplace_back(user.at("username").as_string());
        const std::string link(page.headers.find("Link").value_or(""));
        if (link.empty()) break;
        ASSERT_THAT(link, ::testing::EndsWith(">; rel=\"next\""));
        target = link.substr(1, link.find('>') - 1);
    }
    EXPECT_EQ(3, pages);
    EXPECT_EQ(std::vector(expected.begin(), expected.end()), listed);
    EXPECT_EQ(200, server_->with_token(root, "GET", "/users").status);
    for (const char* const limit : {"0", "1001", "-1", "x", "1x", "", "99999999999"}) {
        problem(server_->with_token(root, "GET", std::string("/users?limit=") + limit), 400);
    }
    problem(server_->with_token(token_of(ann_name), "GET", "/users"), 403);
    problem(server_->send("GET", "/users"), 401);
}

TEST_P(UsersApi, OneUserIsShownToAdministratorsAndToItself) {
    serve();
    const std::string root = token_of(root_name);
    const std::string ann = token_of(ann_name);
    EXPECT_EQ(200, server_->with_token(root, "GET", "/users/Ann@example.com").status);
    EXPECT_EQ(200, server_->with_token(ann, "GET", "/users/ann@example.com").status);
    problem(server_->with_token(ann, "GET", "/users/root@example.com"), 403);
    problem(server_->with_token(ann, "GET", "/users/nobody@example.com"), 403);
    problem(server_->with_token(root, "GET", "/users/nobody@example.com"), 404);
    problem(server_->send("GET", "/users/ann@example.com"), 401);
}

TEST_P(UsersApi, AnAdministratorRemovesUsersButNotTheLastAdministrator) {
    serve();
    const std::string root = token_of(root_name);
    const std::string ann = token_of(ann_name);
    problem(server_->send("DELETE", "/users/ann@example.com"), 401);
    problem(server_->with_token(ann, "DELETE", "/users/ann@example.com"), 403);
    problem(server_->with_token(root, "DELETE", "/users/nobody@example.com"), 404);
    problem(server_->with_token(root, "DELETE", "/users/root@example.com"), 409);
    const http::Response removed = server_->with_token(root, "DELETE", "/users/ann@example.com");
    EXPECT_EQ(204, removed.status);
    EXPECT_EQ("", removed.body);
    problem(server_->with_token(root, "DELETE", "/users/ann@example.com"), 404);
    problem(server_->validate(ann), 401);
    EXPECT_EQ(401, server_->login(ann_name, password).status);
}

TEST_P(UsersApi, UsersChangeTheirOwnPassword) {
    serve();
    const std::string ann = token_of(ann_name);
    const std::string path = password_path(ann_name);
    EXPECT_THAT(pointers(problem(server_->with_token(ann, "PUT", path, R"({"password":"brand new one"})"), 422)),
                ElementsAre("/current_password"));
    problem(server_->with_token(ann, "PUT", path, R"({"password":"brand new one","current_password":"wrong"})"), 403);
    EXPECT_THAT(pointers(problem(server_->with_token(ann, "PUT", path, R"({"password":"short"})"), 422)),
                ElementsAre("/password"));
    problem(server_->with_token(ann, "PUT", password_path(root_name), R"({"password":"brand new one"})"), 403);
    problem(server_->send("PUT", path, {{"Content-Type", "application/json"}}, R"({"password":"brand new one"})"), 401);
    EXPECT_EQ(200, server_->validate(ann).status) << "nothing has changed yet";
    EXPECT_EQ(
        204,
        server_->with_token(ann, "PUT", path, R"({"password":"brand new one","current_password":"admin123"})").status);
    problem(server_->validate(ann), 401);
    EXPECT_EQ(401, server_->login(ann_name, password).status);
    const http::Response login = server_->login(ann_name, "brand new one");
    ASSERT_EQ(200, login.status);
    EXPECT_EQ(200, server_->validate(login.body).status) << "a token made right after the change";
    EXPECT_LE(server_->jwt().verify(login.body, seconds_now()).value().iat, seconds_now());
}

TEST_P(UsersApi, GuessingTheCurrentPasswordIsSlowedDownLikeALogin) {
    serve();
    const std::string ann = token_of(ann_name);
    const std::string guess = R"({"password":"brand new one","current_password":"wrong"})";
    for (int i = 0; i < 5; ++i) problem(server_->with_token(ann, "PUT", password_path(ann_name), guess), 403);
    problem(server_->with_token(ann, "PUT", password_path(ann_name), guess), 429);
    EXPECT_EQ(429, server_->login(ann_name, password).status);
}

TEST_P(UsersApi, AnAdministratorSetsAnyPassword) {
    serve();
    const std::string root = token_of(root_name);
    EXPECT_EQ(204, server_->with_token(root, "PUT", password_path(ann_name), R"({"password":"brand new one"})").status);
    EXPECT_EQ(200, server_->login(ann_name, "brand new one").status);
    problem(server_->with_token(root, "PUT", password_path("nobody@example.com"), R"({"password":"brand new one"})"),
            404);
    EXPECT_EQ(204,
              server_->with_token(root, "PUT", password_path(root_name), R"({"password":"brand new one"})").status);
    problem(server_->validate(root), 401);
}

TEST_P(UsersApi, UsersSwitchTheirMailOffAndOn) {
    serve();
    const std::string ann = token_of(ann_name);
    const auto shown = [&] {
        const auto body = boost::json::parse(server_->with_token(ann, "GET", "/users/ann@example.com").body);
        return body.at("notifications").at("mail").as_bool();
    };
    EXPECT_TRUE(shown());
    const http::Response off = server_->with_token(ann, "PUT", mail_path("Ann@example.com"), R"({"mail":false})");
    EXPECT_EQ(204, off.status) << off.body;
    EXPECT_FALSE(shown());
    EXPECT_EQ(200, server_->validate(ann).status) << "the token is still good";
    EXPECT_EQ(204, server_->with_token(token_of(root_name), "PUT", mail_path(ann_name), R"({"mail":true})").status);
    EXPECT_TRUE(shown());
}

TEST_P(UsersApi, MailOfOthersIsForAdministrators) {
    serve();
    const std::string ann = token_of(ann_name);
    const std::string root = token_of(root_name);
    const std::string off = R"({"mail":false})";
    problem(server_->send("PUT", mail_path(ann_name), {{"Content-Type", "application/json"}}, off), 401);
    problem(server_->with_token(ann, "PUT", mail_path(root_name), off), 403);
    problem(server_->with_token(ann, "PUT", mail_path("nobody@example.com"), off), 403);
    problem(server_->with_token(root, "PUT", mail_path("nobody@example.com"), off), 404);
    EXPECT_THAT(pointers(problem(server_->with_token(ann, "PUT", mail_path(ann_name), R"({"mail":0})"), 422)),
                ElementsAre("/mail"));
    problem(server_->with_token(ann, "PUT", mail_path(ann_name), "mail=false"), 400);
    EXPECT_TRUE(server_->store().find_by_name(ann_name)->user.notifications);
}

}  // namespace
}  // namespace nearline::auth
