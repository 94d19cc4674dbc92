#include "domain/user.hpp"

#include <gtest/gtest.h>

namespace nearline {
namespace {

TEST(EmailAddress, TakesWhatMailServersTake) {
    for (const auto text : {"theodondre@gmail.com", "a@b", "first.last+tag@sub.example.org", "o'neil@example.com",
                            "x_y=z@xn--bcher-kva.example"}) {
        EXPECT_TRUE(is_email_address(text)) << text;
    }
    EXPECT_TRUE(is_email_address(std::string(64, 'a') + "@example.com"));
}

TEST(EmailAddress, RefusesWhatCouldAddARecipientOrAHeader) {
    for (const auto text : {"",        "a",           "@b",
                            "a@",      "a@b@c",       "a b@c.d",
                            "a@b c",   "a,b@c.d",     "a@b.c,d@e.f",
                            "<a@b.c>", "\"a\"@b.c",   "a@b.c\r\nBcc: d@e.f",
                            "a@b.c\n", "a\r@b.c",     "a\t@b.c",
                            ".a@b.c",  "a.@b.c",      "a..b@c.d",
                            "a@-b.c",  "a@b-.c",      "a@b..c",
                            "a@.b",    "a@b.",        "a@[1.2.3.4]",
                            "ü@b.c",   "a@bücher.de", "a(comment)@b.c",
                            "a;b@c.d", "a:b@c.d",     "a\\b@c.d"}) {
        EXPECT_FALSE(is_email_address(text)) << text;
    }
    EXPECT_FALSE(is_email_address(std::string_view("a\0b@c.d", 7)));
    EXPECT_FALSE(is_email_address(std::string(65, 'a') + "@example.com"));
    EXPECT_FALSE(is_email_address("a@" + std::string(64, 'b') + ".com"));
    EXPECT_FALSE(is_email_address(std::string(60, 'a') + "@" + std::string(60, 'b') + "." + std::string(60, 'c') + "." +
                                  std::string(60, 'd') + "." + std::string(60, 'e')));
}

TEST(NormalName, IsLowerCase) {
    EXPECT_EQ(normal_name("TheoDondre@GMail.com"), "theodondre@gmail.com");
}

}  // namespace
}  // namespace nearline
