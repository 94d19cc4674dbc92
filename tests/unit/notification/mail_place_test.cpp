#include "notification/mail_place.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nearline::notification {
namespace {

MailPlace parsed(const std::string& text) {
    const auto place = MailPlace::parse(text);
    EXPECT_TRUE(place) << text << ": " << (place ? "" : place.error());
    return place ? *place : MailPlace();
}

using ::testing::HasSubstr;

TEST(MailPlace, IsAFolder) {
    const auto place = parsed("file:./data/mail");
    EXPECT_EQ(MailPlace::Kind::file, place.kind);
    EXPECT_EQ("./data/mail", place.folder);
}

TEST(MailPlace, IsAServer) {
    auto place = parsed("smtp://mail.example.com");
    EXPECT_EQ(MailPlace::Kind::smtp, place.kind);
    EXPECT_EQ("mail.example.com", place.host);
    EXPECT_EQ(0, place.port);
    EXPECT_FALSE(place.tls);
    EXPECT_EQ("", place.user);
    place = parsed("smtps://me%40example.com@mail:465/");
    EXPECT_TRUE(place.tls);
    EXPECT_EQ("me@example.com", place.user);
    EXPECT_EQ("mail", place.host);
    EXPECT_EQ(465, place.port);
    EXPECT_EQ("me@example.com", parsed("smtp://me@example.com@mail:587").user);
    EXPECT_EQ("[::1]", parsed("smtp://[::1]:25").host);
    EXPECT_EQ("[::1]", parsed("smtp://[::1]").host);
}

TEST(MailPlace, IsNothingElse) {
    for (const std::string wrong :
         {"", "file:", "data/mail", "http://x", "smtp://", "smtp://:25", "smtp://host:0", "smtp://host:x",
          "smtp://host:65536", "smtp://host:25:26", "smtp://host/path", "smtp://@host", "smtp://a%zz@host",
          "smtp://a%0D%0Ab@host", "smtp://ho st", "smtp://host\r\n", "smtp://host?x"}) {
        EXPECT_FALSE(MailPlace::parse(wrong)) << wrong;
    }
    EXPECT_THAT(MailPlace::parse("smtp://me:secret@host").error(), HasSubstr("SMTP_PASSWORD"));
}

}  // namespace
}  // namespace nearline::notification
