// What a mail looks like, and that nothing in it makes another one of it.

#include "notification/message.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sstream>
#include <vector>

#include "domain/user.hpp"
#include "notification/mime_text.hpp"

namespace nearline::notification {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr auto id = "0b2e9f5e-7c1d-4d53-9a3e-1f2d3c4b5a69";
constexpr std::int64_t then = 1'669'072'743'123;

Message message(const Letter& letter, const Mailbox& from = {"Nearline", "nearline@example.com"}) {
    return write_message(id, from, "ann@example.com", then, letter);
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) {
        EXPECT_TRUE(line.ends_with('\r')) << line;
        lines.push_back(line.substr(0, line.size() - 1));
    }
    return lines;
}

/// Unfolded headers, in their order.
std::vector<std::string> headers_of(const Message& mail) {
    std::vector<std::string> headers;
    for (const std::string& line : lines_of(mail.bytes)) {
        if (line.empty()) break;
        if (line.starts_with(' '))
            headers.back() += line;
        else
            headers.push_back(line);
    }
    return headers;
}

TEST(Message, HasTheHeadersOfAMailFromAMachine) {
    EXPECT_THAT(
        headers_of(message({"Prediction: setosa", "text", "html"})),
        ElementsAre("From: \"Nearline\" <nearline@example.com>", "To: ann@example.com", "Subject: Prediction: setosa",
                    "Date: Mon, 21 Nov 2022 23:19:03 +0000", "Message-ID: <" + std::string(id) + "@example.com>",
                    "Auto-Submitted: auto-generated", "MIME-Version: 1.0",
                    "Content-Type: multipart/alternative; boundary=\"=_" + std::string(id) + "\""));
}

TEST(Message, IsTheSameForTheSame) {
    const Letter letter{"s", "t", "h"};
    EXPECT_EQ(message(letter).bytes, message(letter).bytes);
}

TEST(Message, HasTextAndHtmlAsAlternatives) {
    const std::string bytes = message({"s",
                                       "Gr\xC3\xBC\xC3\x9F"
                                       "e\n",
                                       "<p>\xE2\x82\xAC</p>"})
                                  .bytes;
    EXPECT_THAT(bytes, HasSubstr("Content-Type: text/plain; charset=utf-8\r\n"
                                 "Content-Transfer-Encoding: quoted-printable\r\n\r\nGr=C3=BC=C3=9Fe\r\n"));
    EXPECT_THAT(bytes, HasSubstr("Content-Type: text/html; charset=utf-8\r\n"
                                 "Content-Transfer-Encoding: quoted-printable\r\n\r\n<p>=E2=82=AC</p>\r\n"));
    EXPECT_TRUE(bytes.ends_with("--=_" + std::string(id) + "--\r\n"));
}

TEST(Message, NothingInALetterAddsAHeaderARecipientOrAPart) {
    const std::string evil =
        "x\r\nBcc: eve@example.com\r\n\r\n--=_" + std::string(id) + "\r\nsecond\n\rCc: eve@example.com";
    const auto mail = message({evil, evil, evil}, {"Nea\"r,line <eve@example.com>", "nearline@example.com"});
    EXPECT_EQ(8U, headers_of(mail).size());
    EXPECT_EQ("ann@example.com", mail.to);
    int boundaries = 0;
    for (const std::string& line : lines_of(mail.bytes)) {
        EXPECT_LE(line.size(), 78U) << line;
        for (const char c : line) EXPECT_TRUE(c >= ' ' && c <= '~') << line;
        EXPECT_THAT(line, Not(StartsWith("Cc")));
        boundaries += line.starts_with("--=_") ? 1 : 0;
    }
    EXPECT_EQ(3, boundaries);
    EXPECT_THAT(headers_of(mail)[0], "From: \"Nea\\\"r,line <eve@example.com>\" <nearline@example.com>");
}

TEST(Message, LongAndForeignSubjectsAreEncodedWords) {
    for (const std::string& subject : {std::string(300, 'x'), std::string("\xC3\xA4\xC3\xB6\xC3\xBC \xF0\x9F\x8C\xB7"),
                                       std::string("=?UTF-8?Q?x?="), std::string("bad \xFF\xFE bytes"), [] {
                                           std::string tulips;
                                           for (int i = 0; i < 50; ++i) tulips += "\xF0\x9F\x8C\xB7";
                                           return tulips;
                                       }()}) {
        const auto mail = message({subject, "t", "h"});
        EXPECT_THAT(headers_of(mail)[2], StartsWith("Subject: =?UTF-8?Q?"));
        for (const std::string& line : lines_of(mail.bytes)) EXPECT_LE(line.size(), 76U) << line;
    }
    EXPECT_EQ("=?UTF-8?Q?=C3=A4_b?=", encoded_words("\xC3\xA4 b"));
}

TEST(Message, AnEndlessSubjectIsCut) {
    const auto mail = message({std::string(800'000, 'x'), "t", "h"});
    EXPECT_LT(headers_of(mail)[2].size(), 400U);
    EXPECT_THAT(headers_of(mail)[2], EndsWith("x=E2=80=A6?="));
}

TEST(ShortenedText, EndsAfterACharacter) {
    EXPECT_EQ("abc", shortened_text("abc", 3));
    EXPECT_EQ("a\xE2\x80\xA6", shortened_text("abcde", 4));
    EXPECT_EQ("\xC3\xA4\xE2\x80\xA6", shortened_text("\xC3\xA4\xC3\xB6\xC3\xBC\xC3\xBC", 6))
        << "no character is halved";
}

TEST(QuotedPrintable, KeepsLinesShortAndLineEndsClear) {
    EXPECT_EQ("a=3Db", quoted_printable("a=b"));
    EXPECT_EQ("a\r\nb\r\n", quoted_printable("a\nb\r\n"));
    EXPECT_EQ("a=0Db", quoted_printable("a\rb"));
    EXPECT_EQ("blank=20\r\ntab=09", quoted_printable("blank \ntab\t"));
    EXPECT_EQ("", quoted_printable(""));
    EXPECT_EQ("=EF=BF=BD", quoted_printable("\xFF"));
    const std::string encoded = quoted_printable(std::string(1'000, '='));
    for (const std::string& line : lines_of(encoded + "\r\n")) EXPECT_LE(line.size(), 76U);
}

TEST(ValidUtf8, ReplacesWhatIsNone) {
    EXPECT_EQ("\xEF\xBF\xBD\xEF\xBF\xBD", valid_utf8("\xC0\x80"));
    EXPECT_EQ("a\xEF\xBF\xBD", valid_utf8("a\xE2"));
    EXPECT_EQ("\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD", valid_utf8("\xED\xA0\x80")) << "a surrogate";
    EXPECT_EQ("\xF4\x8F\xBF\xBF", valid_utf8("\xF4\x8F\xBF\xBF"));
    EXPECT_EQ("\xC3\xA4", valid_utf8("\xC3\xA4"));
}

TEST(Mailbox, IsReadWithAndWithoutAName) {
    EXPECT_EQ((Mailbox{"", "a@b.c"}), parse_mailbox(" a@b.c "));
    EXPECT_EQ((Mailbox{"", "a@b.c"}), parse_mailbox("<a@b.c>"));
    EXPECT_EQ((Mailbox{"Near Line", "a@b.c"}), parse_mailbox("Near Line <a@b.c>"));
    EXPECT_EQ((Mailbox{"Near, Line", "a@b.c"}), parse_mailbox("\"Near, Line\" <a@b.c>"));
    EXPECT_EQ((Mailbox{"N\xC3\xA4her", "a@b.c"}), parse_mailbox("N\xC3\xA4her <a@b.c>"));
    for (const std::string wrong : {"", "a", "a@", "<a@b.c", "a@b.c>", "a@b.c, d@e.f", "a\r\nBcc: x@y.z <a@b.c>",
                                    "x <a b@c.d>", "x <>", "a@b.c\n"}) {
        EXPECT_FALSE(parse_mailbox(wrong)) << wrong;
    }
    EXPECT_FALSE(parse_mailbox(std::string(300, 'x') + " <a@b.c>"));
}

TEST(Addresses, OfWhichOneMakesTwoAreNone) {
    // What keeps them from every header and every command (domain/user.hpp).
    for (const std::string& wrong :
         {std::string("a@b.c\r\nBcc: x@y.z"), std::string("a@b.c,x@y.z"), std::string("a b@c.d"),
          std::string("\"a\"@b.c"), std::string("<a@b.c>"), std::string("\xC3\xA4@b.c"), std::string(300, 'x') + "@b.c",
          std::string("a@b.c\0", 6)}) {
        EXPECT_FALSE(is_email_address(wrong)) << wrong;
    }
}

TEST(PlainWords, AreOneShortLine) {
    EXPECT_EQ("550-5.1.1 no 550 such\xEF\xBF\xBD", plain_words("550-5.1.1 no\r\n550 such\xFF\r\n"));
    EXPECT_EQ("550 Postfach gibt\xE2\x80\x99s nicht f\xC3\xBCr dich",
              plain_words("550 Postfach gibt\xE2\x80\x99s nicht \x1B\xC2\x9B f\xC3\xBCr\tdich"));
    EXPECT_EQ(500U, plain_words(std::string(2'000, 'x')).size());
    EXPECT_EQ("", plain_words("\r\n \t"));
}

TEST(MailDate, IsThatOfRfc5322) {
    EXPECT_EQ("Thu, 01 Jan 1970 00:00:00 +0000", mail_date(0));
    EXPECT_EQ("Thu, 29 Feb 2024 23:59:59 +0000", mail_date(1'709'251'199'999));
}

}  // namespace
}  // namespace nearline::notification
