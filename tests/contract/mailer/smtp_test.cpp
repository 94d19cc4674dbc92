// SMTP with a server that refuses, hangs and dies.

#include "support/smtp.hpp"

#include <boost/json/value.hpp>
#include <chrono>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <set>
#include <thread>

#include "domain/uuid.hpp"
#include "notification/mailer.hpp"

namespace nearline::notification {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using Outcome = Sent::Outcome;

Message mail_to(const std::string& to) {
    return write_message(Uuid::random().to_string(), {"Nearline", "nearline@example.com"}, to, 1'669'072'743'000,
                         {"Prediction", "setosa", "<p>setosa</p>"});
}

class SmtpTest : public ::testing::Test {
protected:
    Sent send(const SmtpOptions& options, const std::string& to) {
        return make_smtp_mailer(options)->send(mail_to(to));
    }
    test::SmtpSink sink_;
};

TEST_F(SmtpTest, LogsInOverTlsAndKeepsItsConnection) {
    const auto mailer = make_smtp_mailer(sink_.guarded());
    for (int i = 0; i < 5; ++i) ASSERT_EQ(Outcome::sent, mailer->send(mail_to("ann@example.com")).outcome);
    std::set<std::int64_t> peers;
    for (const auto& mail : sink_.mails()) {
        EXPECT_TRUE(mail.at("tls").as_bool());
        EXPECT_EQ("mailer", mail.at("user").as_string());
        EXPECT_EQ("nearline@example.com", mail.at("from").as_string());
        EXPECT_EQ("ann@example.com", mail.at("to").at(0).as_string());
        EXPECT_EQ(1U, mail.at("to").as_array().size());
        peers.insert(mail.at("peer").as_int64());
    }
    EXPECT_EQ(5U, sink_.mails().size());
    EXPECT_EQ(1U, peers.size());
}

TEST_F(SmtpTest, SpeaksTlsFromTheFirstByte) {
    EXPECT_EQ(Outcome::sent, send(sink_.smtps(), "ann@example.com").outcome);
    EXPECT_TRUE(sink_.mails().at(0).at("tls").as_bool());
    SmtpOptions stranger = sink_.smtps();
    stranger.ca_file.clear();
    EXPECT_EQ(Outcome::away, send(stranger, "ann@example.com").outcome) << "nobody vouches for the certificate";
}

TEST_F(SmtpTest, WithoutAUserTakesWhatThereIs) {
    EXPECT_EQ(Outcome::sent, send(sink_.plain(), "ann@example.com").outcome);
    EXPECT_FALSE(sink_.mails().at(0).at("tls").as_bool());
}

TEST_F(SmtpTest, SaysNoPasswordWithoutTls) {
    SmtpOptions options = sink_.plain();
    options.user = "mailer";
    options.password = "smtp password";
    const Sent result = send(options, "ann@example.com");
    EXPECT_EQ(Outcome::away, result.outcome);
    EXPECT_TRUE(sink_.mails().empty());
}

TEST_F(SmtpTest, SaysNoPasswordToAServerThatNobodyVouchesFor) {
    SmtpOptions options = sink_.guarded();
    options.ca_file.clear();
    const Sent result = send(options, "ann@example.com");
    EXPECT_EQ(Outcome::away, result.outcome);
    EXPECT_THAT(result.words, HasSubstr("ertificate"));
}

TEST_F(SmtpTest, AWrongPasswordIsNoRecipientsFault) {
    SmtpOptions options = sink_.guarded();
    options.password = "wrong";
    const Sent result = send(options, "ann@example.com");
    EXPECT_EQ(Outcome::away, result.outcome);
    EXPECT_THAT(result.words, HasSubstr("535"));
}

TEST_F(SmtpTest, RepeatsTheServersWords) {
    const auto mailer = make_smtp_mailer(sink_.guarded());
    Sent result = mailer->send(mail_to("refuse-ann@example.com"));
    EXPECT_EQ(Outcome::permanent, result.outcome);
    EXPECT_EQ("550 5.1.1 no such mailbox here", result.words);
    result = mailer->send(mail_to("later-ann@example.com"));
    EXPECT_EQ(Outcome::temporary, result.outcome);
    EXPECT_EQ("450 4.2.1 mailbox busy, try again", result.words);
    result = mailer->send(mail_to("refuse-data-ann@example.com"));
    EXPECT_EQ(Outcome::permanent, result.outcome);
    EXPECT_EQ("554 5.7.1 this mail is not wanted", result.words);
    result = mailer->send(mail_to("refuse-long-ann@example.com"));
    EXPECT_EQ(Outcome::permanent, result.outcome);
    EXPECT_LE(result.words.size(), 600U) << "the outbox has no room for more";
    const Message mail = mail_to("later-data-ann@example.com");
    result = mailer->send(mail);
    EXPECT_EQ(Outcome::temporary, result.outcome);
    EXPECT_EQ("451 4.3.0 no room at the moment", result.words);
    EXPECT_EQ(Outcome::sent, mailer->send(mail).outcome);
    EXPECT_EQ(Outcome::sent, mailer->send(mail_to("ann@example.com")).outcome) << "others are not held up";
    EXPECT_EQ(2U, sink_.mails().size());
}

TEST_F(SmtpTest, AnOkThatWasLostIsUnknownAndTheRepeatTheSameMail) {
    const auto mailer = make_smtp_mailer(sink_.guarded());
    const Message mail = mail_to("close-data-ann@example.com");
    const Sent result = mailer->send(mail);
    EXPECT_EQ(Outcome::unknown, result.outcome) << result.words;
    EXPECT_EQ(Outcome::sent, mailer->send(mail).outcome);
    const auto mails = sink_.mails();
    ASSERT_EQ(2U, mails.size());
    EXPECT_FALSE(mails[0].at("answered").as_bool());
    EXPECT_EQ(mails[0].at("message_id"), mails[1].at("message_id"));
    EXPECT_EQ(mails[0].at("content"), mails[1].at("content"));
}

TEST_F(SmtpTest, SilenceAboutOneRecipientIsThatRecipientsOwn) {
    SmtpOptions options = sink_.guarded();
    options.timeout = 2s;
    const auto mailer = make_smtp_mailer(options);
    const auto start = std::chrono::steady_clock::now();
    const Sent result = mailer->send(mail_to("hang-ann@example.com"));
    EXPECT_EQ(Outcome::temporary, result.outcome) << result.words;
    EXPECT_LT(std::chrono::steady_clock::now() - start, 10s);
    EXPECT_EQ(Outcome::sent, mailer->send(mail_to("ann@example.com")).outcome);
}

TEST_F(SmtpTest, AServerThatIsFrozenIsAway) {
    SmtpOptions options = sink_.guarded();
    options.timeout = 2s;
    sink_.freeze();
    EXPECT_EQ(Outcome::away, send(options, "ann@example.com").outcome);
    sink_.thaw();
    EXPECT_EQ(Outcome::sent, send(options, "ann@example.com").outcome);
}

TEST_F(SmtpTest, AServerThatComesBackIsFound) {
    const auto mailer = make_smtp_mailer(sink_.guarded());
    ASSERT_EQ(Outcome::sent, mailer->send(mail_to("ann@example.com")).outcome);
    sink_.kill();
    EXPECT_EQ(Outcome::away, mailer->send(mail_to("ann@example.com")).outcome);
    sink_.start();
    EXPECT_EQ(Outcome::sent, mailer->send(mail_to("ann@example.com")).outcome);
    EXPECT_EQ(2U, sink_.mails().size());
}

TEST_F(SmtpTest, WhatIsNoAddressReachesNoServer) {
    const auto mailer = make_smtp_mailer(sink_.plain());
    for (const std::string to :
         {"ann@example.com>\r\nRCPT TO:<bob@example.com", "ann@example.com\nBcc: bob@example.com",
          "ann@example.com,bob@example.com", "\"ann\"@example.com", "ann", "", "<ann@example.com>"}) {
        Message mail = mail_to("ann@example.com");
        mail.to = to;
        EXPECT_EQ(Outcome::permanent, mailer->send(mail).outcome) << to;
    }
    EXPECT_TRUE(sink_.mails().empty());
}

TEST_F(SmtpTest, CancelEndsASendThatHangs) {
    const auto mailer = make_smtp_mailer(sink_.plain());
    std::thread canceller([&] {
        std::this_thread::sleep_for(300ms);
        mailer->cancel();
    });
    const auto start = std::chrono::steady_clock::now();
    EXPECT_EQ(Outcome::away, mailer->send(mail_to("hang-ann@example.com")).outcome);
    EXPECT_LT(std::chrono::steady_clock::now() - start, 10s);
    canceller.join();
}

}  // namespace
}  // namespace nearline::notification
