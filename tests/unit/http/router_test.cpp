#include "http/router.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdexcept>

namespace nearline::http {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Route route(std::string method, std::string pattern) {
    return {std::move(method), std::move(pattern),
            [](const Request&) -> boost::asio::awaitable<Response> { co_return Response{}; }};
}

const Router& users() {
    static const Router router{route("GET", "/"),
                               route("POST", "/login"),
                               route("GET", "/users"),
                               route("POST", "/users"),
                               route("DELETE", "/users/{name}"),
                               route("GET", "/users/{name}"),
                               route("GET", "/users/me"),
                               route("PUT", "/users/{name}/password"),
                               route("GET", "/subjects/{subject}/versions/{version}")};
    return router;
}

std::string found(std::string_view method, std::string_view path) {
    const auto match = users().match(method, path);
    return match.route ? match.route->method + " " + match.route->pattern : "";
}

TEST(Router, FindsTheRoute) {
    EXPECT_EQ(found("GET", "/"), "GET /");
    EXPECT_EQ(found("POST", "/login"), "POST /login");
    EXPECT_EQ(found("GET", "/users"), "GET /users");
    EXPECT_EQ(found("DELETE", "/users/ann"), "DELETE /users/{name}");
    EXPECT_EQ(found("PUT", "/users/ann/password"), "PUT /users/{name}/password");
    for (const auto* path : {"", "*", "users", "/user", "/users/", "//users", "/users/ann/", "/users//password",
                             "/users/ann/password/x", "/Users", "/%75sers", "/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q/r"})
        EXPECT_EQ(found("GET", path), "") << path;
}

TEST(Router, PrefersAWordToAName) {
    EXPECT_EQ(found("GET", "/users/me"), "GET /users/me");
    EXPECT_EQ(found("DELETE", "/users/me"), "DELETE /users/{name}");
}

TEST(Router, DecodesNamesAfterSplitting) {
    const auto match = users().match("GET", "/subjects/a%2Fb%20c+d/versions/latest");
    ASSERT_TRUE(match.route);
    EXPECT_EQ(match.params.at("subject"), "a/b c+d");
    EXPECT_EQ(match.params.at("version"), "latest");
}

TEST(Router, AnswersHeadByGet) {
    EXPECT_EQ(found("HEAD", "/users"), "GET /users");
    EXPECT_EQ(found("HEAD", "/login"), "");
}

TEST(Router, SaysWhatIsAllowed) {
    EXPECT_THAT(users().match("PATCH", "/users/ann").allowed, ElementsAre("DELETE", "GET", "HEAD", "OPTIONS"));
    EXPECT_THAT(users().match("GET", "/login").allowed, ElementsAre("OPTIONS", "POST"));
    EXPECT_TRUE(users().match("GET", "/nothing").allowed.empty());
    // Methods have case (RFC 9110, 9.1).
    EXPECT_THAT(users().match("get", "/users").allowed, ElementsAre("GET", "HEAD", "OPTIONS", "POST"));
    EXPECT_EQ(allow_header({"GET", "POST"}), "GET, POST");
}

TEST(Router, RefusesWithAdvice) {
    const auto missing = users().refusal("GET", "/predictt", users().match("GET", "/predictt"));
    EXPECT_EQ(missing.status, 404);
    EXPECT_THAT(missing.detail, HasSubstr("POST /login"));
    const auto wrong = users().refusal("GET", "/login", users().match("GET", "/login"));
    EXPECT_EQ(wrong.status, 405);
    EXPECT_THAT(wrong.detail, HasSubstr("OPTIONS, POST"));
    EXPECT_LT(users().refusal("GET", "/" + std::string(10000, 'x'), {}).detail.size(), 1000U);
    Router large;
    for (int i = 0; i < 40; ++i) large.add(route("GET", "/" + std::to_string(i)));
    EXPECT_EQ(large.refusal("GET", "/x", {}).detail, "There is no /x here.");
}

TEST(Router, RefusesARouteThatCanNeverAnswer) {
    Router router{route("GET", "/a")};
    EXPECT_THROW(router.add(route("GET", "/a")), std::invalid_argument);
    EXPECT_THROW(router.add(route("GET", "a")), std::invalid_argument);
    EXPECT_THROW(router.add(route("", "/b")), std::invalid_argument);
    EXPECT_THROW(router.add({"GET", "/c", nullptr}), std::invalid_argument);
    EXPECT_NO_THROW(router.add(Router{route("POST", "/a"), route("GET", "/b")}));
    EXPECT_EQ(router.routes().size(), 3U);
}

}  // namespace
}  // namespace nearline::http
