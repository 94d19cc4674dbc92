#include "app/welcome.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nearline::app {
namespace {

using testing::HasSubstr;
using testing::Not;

Welcome example() {
    return {.gateway_url = "http://127.0.0.1:1958",
            .auth_url = "http://127.0.0.1:5000",
            .registry_url = "http://127.0.0.1:8081",
            .admin_url = "http://127.0.0.1:9101",
            .mail_place = "file:./data/mail",
            .data_folder = "./data",
            .secret_file = "./data/jwt-secret",
            .demo_user = "theodondre@gmail.com",
            .program = "build/release/bin/nearline"};
}

TEST(Welcome, HasLinesToPaste) {
    const auto text = to_text(example());
    EXPECT_THAT(
        text, HasSubstr("\n  TOKEN=$(curl -s -X POST -u theodondre@gmail.com:admin123 http://127.0.0.1:5000/login)\n"));
    EXPECT_THAT(text, HasSubstr("-H \"Authorization: Bearer $TOKEN\" -H \"Content-Type: application/json\" \\\n"));
    EXPECT_THAT(
        text,
        HasSubstr("-d '{\"sepal_length\": 5.2, \"sepal_width\": 3.6, \"petal_length\": 1.5, \"petal_width\": 0.3}'\n"));
}

TEST(Welcome, SaysWhereThingsAreAndHowToStop) {
    const auto text = to_text(example());
    for (const char* part : {"Ctrl-C", "http://127.0.0.1:1958", "./data/mail\n", "http://127.0.0.1:8081",
                             "http://127.0.0.1:9101", "./data/jwt-secret"}) {
        EXPECT_THAT(text, HasSubstr(part));
    }
}

TEST(Welcome, SaysHowPredictionsAreReadBack) {
    EXPECT_THAT(to_text(example()),
                HasSubstr("\n  curl -s http://127.0.0.1:1958/predictions -H \"Authorization: Bearer $TOKEN\"\n"));
}

TEST(Welcome, NamesAMailServerAndNothingWhereNothingIsMailed) {
    auto welcome = example();
    welcome.mail_place = "smtp://mail:25";
    EXPECT_THAT(to_text(welcome), HasSubstr("smtp://mail:25\n"));
    welcome.mail_place.clear();
    EXPECT_THAT(to_text(welcome), Not(HasSubstr("mail  ")));
}

TEST(Welcome, WithoutDemoUsersItSaysHowToMakeOne) {
    auto welcome = example();
    welcome.demo_user.clear();
    welcome.registry_url.clear();
    const auto text = to_text(welcome);
    EXPECT_THAT(text, HasSubstr("  build/release/bin/nearline users add --admin --data ./data you@example.com"));
    EXPECT_THAT(text, HasSubstr("-u you@example.com http://127.0.0.1:5000/login"));
    EXPECT_THAT(text, Not(HasSubstr("admin123")));
    EXPECT_THAT(text, Not(HasSubstr("schema registry")));
}

}  // namespace
}  // namespace nearline::app
