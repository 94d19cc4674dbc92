#include "cli/users.hpp"

#include <array>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace nearline::cli {
namespace {

using testing::HasSubstr;

class Directory : public UserDirectory {
public:
    Result<User> add(const std::string& name, const std::string& password, bool admin) override {
        passwords.push_back(password);
        if (password.size() < 8) {
            return Problem{422, "Invalid", "The user can't be added.", {{"/password", "must have 8 characters"}}};
        }
        return users.emplace_back(User{Uuid::random(), normal_name(name), admin, 1'669'072'743, 0});
    }
    std::vector<User> list() override { return users; }
    Result<void> remove(const std::string& name) override {
        if (name == "nobody@example.com") return Problem{404, "Not Found", "There is no user nobody@example.com."};
        return {};
    }
    Result<void> set_admin(const std::string& name, bool admin) override {
        if (name == "last@example.com") return Problem{409, "Conflict", "last@example.com is the last administrator."};
        admins.emplace_back(name, admin);
        return {};
    }
    Result<void> set_notifications(const std::string& name, bool wanted) override {
        if (name == "nobody@example.com") return Problem{404, "Not Found", "There is no user nobody@example.com."};
        mails.emplace_back(name, wanted);
        return {};
    }
    std::vector<User> users;
    std::vector<std::pair<std::string, bool>> mails;
    std::vector<std::pair<std::string, bool>> admins;
    std::vector<std::string> passwords;
};

/// Runs with a line on standard input; gives the exit code, and what was written.
struct Command {
    Command(const std::string& input, const std::function<int()>& run) {
        std::array<int, 2> ends{};
        EXPECT_EQ(pipe(ends.data()), 0);
        EXPECT_EQ(write(ends[1], input.data(), input.size()), static_cast<ssize_t>(input.size()));
        close(ends[1]);
        const int before = dup(STDIN_FILENO);
        dup2(ends[0], STDIN_FILENO);
        testing::internal::CaptureStdout();
        testing::internal::CaptureStderr();
        code = run();
        errors = testing::internal::GetCapturedStderr();
        out = testing::internal::GetCapturedStdout();
        dup2(before, STDIN_FILENO);
        close(before);
        close(ends[0]);
    }
    int code;
    std::string out;
    std::string errors;
};

TEST(Users, AreAddedWithAPasswordFromStandardInput) {
    Directory directory;
    const Command run("correct horse\n", [&] { return add_user(directory, "You@Example.com", true); });
    EXPECT_EQ(run.code, 0);
    EXPECT_EQ(run.out, "added you@example.com, an administrator\n");
    EXPECT_EQ(directory.passwords, std::vector<std::string>{"correct horse"});
}

TEST(Users, ProblemsAreShownWithTheirPlaces) {
    Directory directory;
    const Command run("short\n", [&] { return add_user(directory, "you@example.com", false); });
    EXPECT_EQ(run.code, 1);
    EXPECT_THAT(run.errors, HasSubstr("The user can't be added.\n  password must have 8 characters\n"));
}

TEST(Users, WhatIsNoAddressCostsNoPassword) {
    Directory directory;
    const Command run("", [&] { return add_user(directory, "me", false); });
    EXPECT_EQ(run.code, 1);
    EXPECT_THAT(run.errors, HasSubstr("\"me\" is no e-mail address"));
    EXPECT_TRUE(directory.passwords.empty());
}

TEST(Users, AreListedAsATable) {
    Directory directory;
    directory.users = {{Uuid(), "a@example.com", true, 1'669'072'743, 0},
                       {Uuid(), "b@example.com", false, 0, 0, false}};
    const Command run("", [&] { return list_users(directory); });
    EXPECT_EQ(run.out,
              "NAME           ADMIN  MAIL  CREATED (UTC)        ID\n"
              "a@example.com  yes    yes   2022-11-21 23:19:03  00000000-0000-0000-0000-000000000000\n"
              "b@example.com  no     no    1970-01-01 00:00:00  00000000-0000-0000-0000-000000000000\n");
}

TEST(Users, AreRemoved) {
    Directory directory;
    EXPECT_EQ(Command("", [&] { return remove_user(directory, "a@example.com"); }).out, "removed a@example.com\n");
    const Command run("", [&] { return remove_user(directory, "nobody@example.com"); });
    EXPECT_EQ(run.code, 1);
    EXPECT_THAT(run.errors, HasSubstr("There is no user"));
}

TEST(Users, AreMadeAdministratorsAndNoMore) {
    Directory directory;
    EXPECT_EQ(Command("", [&] { return set_admin(directory, "A@Example.com", true); }).out,
              "a@example.com is an administrator\n");
    EXPECT_EQ(Command("", [&] { return set_admin(directory, "a@example.com", false); }).out,
              "a@example.com is no administrator\n");
    EXPECT_EQ(directory.admins,
              (std::vector<std::pair<std::string, bool>>{{"A@Example.com", true}, {"a@example.com", false}}));
    const Command run("", [&] { return set_admin(directory, "last@example.com", false); });
    EXPECT_EQ(run.code, 1);
    EXPECT_THAT(run.errors, HasSubstr("is the last administrator"));
}

TEST(Users, TheirMailIsSwitchedOffAndOn) {
    Directory directory;
    EXPECT_EQ(Command("", [&] { return set_notifications(directory, "A@Example.com", "off"); }).out,
              "a@example.com gets no mail\n");
    EXPECT_EQ(Command("", [&] { return set_notifications(directory, "a@example.com", "on"); }).out,
              "a@example.com gets mail\n");
    const Command neither("", [&] { return set_notifications(directory, "a@example.com", "no"); });
    EXPECT_EQ(neither.code, 2);
    EXPECT_THAT(neither.errors, HasSubstr("\"no\" is neither on nor off"));
    const Command unknown("", [&] { return set_notifications(directory, "nobody@example.com", "off"); });
    EXPECT_EQ(unknown.code, 1);
    EXPECT_EQ(directory.mails,
              (std::vector<std::pair<std::string, bool>>{{"A@Example.com", false}, {"a@example.com", true}}));
}

}  // namespace
}  // namespace nearline::cli
