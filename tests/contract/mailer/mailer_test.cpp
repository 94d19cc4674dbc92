// What every mailer promises, on each of them.

#include "notification/mailer.hpp"

#include <boost/json/value.hpp>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <map>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include "domain/uuid.hpp"
#include "support/smtp.hpp"
#include "support/temp_dir.hpp"

namespace nearline::notification {
namespace {

namespace fs = std::filesystem;
using Outcome = Sent::Outcome;

/// Where mail arrives.
class Place {
public:
    virtual ~Place() = default;
    virtual std::unique_ptr<Mailer> open() = 0;
    /// By Message-ID without its host; the last one of each.
    virtual std::map<std::string, std::string> arrived() = 0;
    virtual void disappear() = 0;
};

class FolderPlace : public Place {
public:
    std::unique_ptr<Mailer> open() override { return make_file_mailer(folder()); }
    std::map<std::string, std::string> arrived() override {
        std::map<std::string, std::string> mails;
        for (const auto& file : fs::directory_iterator(folder())) {
            EXPECT_EQ(".eml", file.path().extension()) << "nothing is left behind";
            std::ifstream in(file.path(), std::ios::binary);
            mails[file.path().stem()] = {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
        }
        return mails;
    }
    void disappear() override {
        std::ofstream(dir_ / "in the way") << "no folder";
        fs::rename(dir_ / "in the way", dir_ / "mail");
    }

protected:
    std::string folder() const { return dir_ / "mail/of/users"; }
    test::TempDir dir_;
};

class SmtpPlace : public Place {
public:
    std::unique_ptr<Mailer> open() override { return make_smtp_mailer(sink_.guarded()); }
    std::map<std::string, std::string> arrived() override {
        std::map<std::string, std::string> mails;
        for (const auto& mail : sink_.mails()) {
            const std::string id(mail.at("message_id").as_string());
            mails[id.substr(1, id.find('@') - 1)] = mail.at("content").as_string();
        }
        return mails;
    }
    void disappear() override { sink_.kill(); }

private:
    test::SmtpSink sink_;
};

struct Kind {
    const char* name;
    std::unique_ptr<Place> (*make)();
};
void PrintTo(const Kind& kind, std::ostream* out) {
    *out << kind.name;
}

class MailerTest : public ::testing::TestWithParam<Kind> {
protected:
    static Message message(const Letter& letter = {"Prediction", "setosa\n.\n.leading dot\n", "<p>setosa</p>"}) {
        return write_message(Uuid::random().to_string(), {"Nearline", "nearline@example.com"}, "ann@example.com",
                             1'669'072'743'000, letter);
    }
    std::unique_ptr<Place> place_ = GetParam().make();
    std::unique_ptr<Mailer> mailer_ = place_->open();
};
INSTANTIATE_TEST_SUITE_P(
    All, MailerTest,
    ::testing::Values(Kind{"File", [] { return std::unique_ptr<Place>(std::make_unique<FolderPlace>()); }},
                      Kind{"Smtp", [] { return std::unique_ptr<Place>(std::make_unique<SmtpPlace>()); }}),
    [](const auto& each) { return each.param.name; });

TEST_P(MailerTest, MailArrivesAsItWasWritten) {
    std::map<std::string, std::string> sent;
    for (int i = 0; i < 3; ++i) {
        const Message mail = message();
        const Sent result = mailer_->send(mail);
        ASSERT_EQ(Outcome::sent, result.outcome) << result.words;
        sent[mail.id] = mail.bytes;
    }
    EXPECT_EQ(sent, place_->arrived());
}

TEST_P(MailerTest, LargeMailArrivesWhole) {
    const Message mail =
        message({"Predictions", std::string(500'000, 'x') + "\n.\r\n", "<p>" + std::string(1'000, '.')});
    ASSERT_EQ(Outcome::sent, mailer_->send(mail).outcome);
    EXPECT_EQ(mail.bytes, place_->arrived()[mail.id]);
}

TEST_P(MailerTest, SentAgainItIsTheSameMail) {
    const Message mail = message();
    ASSERT_EQ(Outcome::sent, mailer_->send(mail).outcome);
    ASSERT_EQ(Outcome::sent, place_->open()->send(mail).outcome);
    EXPECT_EQ((std::map<std::string, std::string>{{mail.id, mail.bytes}}), place_->arrived());
}

TEST_P(MailerTest, WhatIsNotThereIsAway) {
    place_->disappear();
    const Sent result = mailer_->send(message());
    EXPECT_EQ(Outcome::away, result.outcome);
    EXPECT_NE("", result.words);
    EXPECT_NE("", mailer_->dependency());
}

TEST(FileMailer, KeepsMailForItsOwnerAlone) {
    const test::TempDir dir;
    const auto mailer = make_file_mailer(dir / "mail");
    const Message mail =
        write_message(Uuid::random().to_string(), {"", "nearline@example.com"}, "ann@example.com", 0, {"s", "t", "h"});
    ASSERT_EQ(Outcome::sent, mailer->send(mail).outcome);
    struct stat status {};
    ASSERT_EQ(0, ::stat((dir / ("mail/" + mail.id + ".eml")).c_str(), &status));
    EXPECT_EQ(0600U, status.st_mode & 0777U);
    ASSERT_EQ(0, ::stat((dir / "mail").c_str(), &status));
    EXPECT_EQ(0700U, status.st_mode & 0777U);
}

TEST(FileMailer, WhatAKillLeftIsRemovedAndNothingElse) {
    const test::TempDir dir;
    tidy_mail_folder(dir / "missing");
    const std::string left = dir / ('.' + Uuid::random().to_string() + '-' + Uuid::random().to_string());
    const std::string written = dir / ('.' + Uuid::random().to_string() + '-' + Uuid::random().to_string());
    const std::vector<std::string> others{dir / ".hidden", dir / ('.' + Uuid::random().to_string()),
                                          dir / (Uuid::random().to_string() + ".eml")};
    std::ofstream(left) << "half a m";
    for (const auto& file : others) std::ofstream(file) << "x";
    const int descriptor = ::open(written.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    ASSERT_EQ(0, ::flock(descriptor, LOCK_EX));
    tidy_mail_folder(dir.path().string());
    EXPECT_FALSE(fs::exists(left));
    EXPECT_TRUE(fs::exists(written)) << "somebody writes it";
    for (const auto& file : others) EXPECT_TRUE(fs::exists(file)) << file;
    ::close(descriptor);
}

TEST(FileMailer, AnIdIsNeverAPath) {
    const test::TempDir dir;
    const auto mailer = make_file_mailer(dir / "mail");
    EXPECT_EQ(Outcome::permanent, mailer->send({"../../etc/x", "a@b.c", "a@b.c", "x"}).outcome);
    EXPECT_FALSE(fs::exists(dir / "mail"));
}

}  // namespace
}  // namespace nearline::notification
