#include "auth/user_requests.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "domain/json.hpp"

namespace nearline::auth {
namespace {

using ::testing::UnorderedElementsAre;

std::vector<std::string> pointers(const Problem& problem) {
    std::vector<std::string> all;
    for (const Violation& violation : problem.errors) {
        EXPECT_FALSE(violation.detail.empty());
        all.push_back(violation.pointer);
    }
    return all;
}

template <class T>
Problem refused(const Result<T>& result, int status) {
    EXPECT_FALSE(result);
    if (result) return {};
    EXPECT_EQ(status, result.error().status);
    return result.error();
}

TEST(NewUserRequest, IsRead) {
    const auto user = parse_new_user(R"({"username":"Ann@Example.com","password":"admin123"})");
    ASSERT_TRUE(user);
    EXPECT_EQ("ann@example.com", user->name);
    EXPECT_EQ("admin123", user->password);
    EXPECT_FALSE(user->admin);
    EXPECT_TRUE(parse_new_user(R"({"admin":true,"username":"a@b","password":"admin123"})")->admin);
    EXPECT_FALSE(parse_new_user(R"({"admin":false,"username":"a@b","password":"admin123"})")->admin);
}

TEST(NewUserRequest, EveryMistakeHasItsPointer) {
    const auto wrong = [](std::string_view body) { return pointers(refused(parse_new_user(body), 422)); };
    EXPECT_THAT(wrong("{}"), UnorderedElementsAre("/username", "/password"));
    EXPECT_THAT(wrong("[]"), UnorderedElementsAre(""));
    EXPECT_THAT(wrong("null"), UnorderedElementsAre(""));
    EXPECT_THAT(wrong(R"({"username":1,"password":null,"admin":"yes","x/y~z":0})"),
                UnorderedElementsAre("/username", "/password", "/admin", "/x~1y~0z"));
    EXPECT_THAT(wrong(R"({"username":"nobody","password":"short"})"), UnorderedElementsAre("/username", "/password"));
    EXPECT_THAT(wrong(R"({"username":"a@b\r\nBcc: c@d","password":"admin123"})"), UnorderedElementsAre("/username"));
    EXPECT_THAT(wrong(R"({"username":"a@b","password":"long en\u0000ugh"})"), UnorderedElementsAre("/password"));
    EXPECT_THAT(wrong(R"({"username":"anna@example.com","password":"ANNA@example.com"})"),
                UnorderedElementsAre("/password"));
}

TEST(NewUserRequest, WhatIsNoJsonIsA400) {
    for (const char* const body :
         {"", "{", "username=a@b", R"({"username":"a@b","username":"c@d","password":"admin123"})"}) {
        refused(parse_new_user(body), 400);
    }
}

TEST(PasswordChangeRequest, IsRead) {
    const auto change = parse_password_change(R"({"password":"new long one"})", "a@b");
    ASSERT_TRUE(change);
    EXPECT_EQ("new long one", change->password);
    EXPECT_FALSE(change->current_password);
    EXPECT_EQ(
        "old",
        parse_password_change(R"({"password":"new long one","current_password":"old"})", "a@b")->current_password);
}

TEST(PasswordChangeRequest, EveryMistakeHasItsPointer) {
    const auto wrong = [](std::string_view body) {
        return pointers(refused(parse_password_change(body, "anna@example.com"), 422));
    };
    EXPECT_THAT(wrong("{}"), UnorderedElementsAre("/password"));
    EXPECT_THAT(wrong(R"({"password":"short","current_password":1,"username":"x"})"),
                UnorderedElementsAre("/password", "/current_password", "/username"));
    EXPECT_THAT(wrong(R"({"password":"anna@example.com"})"), UnorderedElementsAre("/password"));
    refused(parse_password_change("{", "a@b"), 400);
}

TEST(NotificationsRequest, IsRead) {
    EXPECT_TRUE(parse_notifications(R"({"mail":true})")->mail);
    EXPECT_FALSE(parse_notifications(R"({"mail":false})")->mail);
}

TEST(NotificationsRequest, EveryMistakeHasItsPointer) {
    const auto wrong = [](std::string_view body) { return pointers(refused(parse_notifications(body), 422)); };
    EXPECT_THAT(wrong("{}"), UnorderedElementsAre("/mail"));
    EXPECT_THAT(wrong(R"({"mail":"false"})"), UnorderedElementsAre("/mail"));
    EXPECT_THAT(wrong(R"({"mail":null,"sms":true})"), UnorderedElementsAre("/mail", "/sms"));
    EXPECT_THAT(wrong("false"), UnorderedElementsAre(""));
    refused(parse_notifications(R"({"mail":True})"), 400);
    refused(parse_notifications(R"({"mail":true,"mail":false})"), 400);
}

TEST(UserAsJson, HasNoSecrets) {
    const User user{.id = *Uuid::parse("00000000-0000-4000-8000-000000000001"),
                    .name = "o'neil@example.com",
                    .admin = true,
                    .created_at = 1'669'072'743,
                    .changed_at = 2};
    EXPECT_EQ(
        R"({"username":"o'neil@example.com","id":"00000000-0000-4000-8000-000000000001","admin":true,"notifications":{"mail":true},"created_at":"2022-11-21 23:19:03.000000"})",
        to_json(user));
    User silent = user;
    silent.notifications = false;
    EXPECT_NE(std::string::npos, to_json(silent).find(R"("notifications":{"mail":false})"));
}

}  // namespace
}  // namespace nearline::auth
