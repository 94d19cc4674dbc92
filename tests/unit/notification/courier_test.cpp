// What a sender does for one user, where mail servers and streams do as the test says.

#include "notification/courier.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <deque>
#include <functional>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>
#include <thread>

#include "domain/problem.hpp"
#include "domain/time.hpp"
#include "notification/outbox_impl.hpp"
#include "schema/builtin_schemas.hpp"
#include "schema/framing.hpp"
#include "support/scripted_stream.hpp"
#include "support/temp_dir.hpp"

namespace nearline::notification {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Outcome = Sent::Outcome;
using Turn = Courier::Turn;

constexpr const char* dlq = "output-topic.notification.dlq";

std::int64_t now_ms() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(wall_now().time_since_epoch()).count();
}

/// Gives what the test says, then "sent".
class ScriptedMailer final : public Mailer {
public:
    struct Script {
        std::deque<Sent> answers;
        std::vector<Message> tried;
        bool is_cancelled = false;
        std::function<void()> while_sending = [] {};
    };
    explicit ScriptedMailer(Script& script) : script_(script) {}
    std::string dependency() const override { return "smtp"; }
    Sent send(const Message& message) override {
        script_.tried.push_back(message);
        script_.while_sending();
        if (script_.answers.empty()) return {};
        Sent answer = script_.answers.front();
        script_.answers.pop_front();
        return answer;
    }
    void cancel() noexcept override { script_.is_cancelled = true; }

private:
    Script& script_;
};

class Addresses final : public AddressBook {
public:
    std::optional<Recipient> find(const Uuid& user) override {
        if (is_away) throw Unavailable("the database is away");
        const auto found = recipients.find(user);
        return found == recipients.end() ? std::nullopt : std::optional(found->second);
    }
    std::string dependency() const override { return "users database"; }
    std::map<Uuid, Recipient> recipients;
    bool is_away = false;
};

class CourierTest : public ::testing::Test {
protected:
    CourierTest() {
        outbox_->prepare();
        options_.from = {"Nearline", "nearline@example.com"};
        options_.retry = {.first = 1ms, .most = 2ms};
        addresses_.recipients[ann_] = {"ann@example.com", true};
    }

    static Entry old_entry(const Uuid& user, std::chrono::milliseconds age) {
        Entry entry{.request_id = Uuid::random(), .user = user};
        entry.record.at = {"output-topic", 0};
        entry.record.timestamp = now_ms() - age.count();
        entry.record.value = schema::frame(
            7, R"({"status":200,"model_id":"m","prediction":"setosa","model_type":"t","sepal_length":5.1,)"
               R"("created_at":"2022-12-29 00:07:11.830677","message":"Success"})");
        return entry;
    }
    std::vector<Uuid> add(const Uuid& user, int entries, std::chrono::milliseconds age = 0ms) {
        std::vector<Entry> made;
        std::vector<Uuid> ids;
        for (int i = 0; i < entries; ++i) {
            made.push_back(old_entry(user, age));
            made.back().record.offset = i;
            ids.push_back(made.back().request_id);
        }
        outbox_->add(made);
        return ids;
    }
    FailingSlots failing_{4, [] {}};
    Courier courier() {
        return {{*outbox_, addresses_, templates_, letters_, *schema_, counters_, health_, failing_},
                options_,
                std::make_unique<ScriptedMailer>(script_)};
    }
    /// Works until nothing is due, looking again for so long after waits of a few milliseconds.
    void work_off(Courier courier, std::chrono::milliseconds patience = 0ms) {
        const auto deadline = std::chrono::steady_clock::now() + patience;
        for (;;) {
            if (courier.work(stop_) != Turn::nothing_due) continue;
            if (std::chrono::steady_clock::now() >= deadline) return;
            std::this_thread::sleep_for(2ms);
        }
    }
    std::vector<std::string> tried_ids() const {
        std::vector<std::string> ids;
        for (const auto& message : script_.tried) ids.push_back(message.id);
        return ids;
    }
    double counted(const Counter& counter) const { return counter.value(); }

    test::TempDir dir_;
    Metrics metrics_;
    Health health_{metrics_};
    NotificationMetrics counters_{metrics_};
    std::unique_ptr<Outbox> outbox_ = make_sqlite_outbox(dir_ / "users.db");
    Addresses addresses_;
    Templates templates_{std::nullopt, std::nullopt};
    test::ScriptedStream stream_;
    DeadLetters letters_{stream_, dlq, {}};
    const std::shared_ptr<const schema::JsonSchema> schema_ = schema::JsonSchema::compile(schema::iris_output());
    ScriptedMailer::Script script_;
    CourierOptions options_;
    StopToken stop_;
    const Uuid ann_ = Uuid::random();
    const Uuid bob_ = Uuid::random();
};

TEST_F(CourierTest, MailsEachPredictionOnceInOrder) {
    const auto ids = add(ann_, 3);
    work_off(courier());
    EXPECT_THAT(tried_ids(), ElementsAre(ids[0].to_string(), ids[1].to_string(), ids[2].to_string()));
    for (const auto& message : script_.tried) {
        EXPECT_EQ("ann@example.com", message.to);
        EXPECT_EQ("nearline@example.com", message.from);
        EXPECT_THAT(message.bytes, HasSubstr("Subject: Prediction: setosa\r\n"));
        EXPECT_THAT(message.bytes, HasSubstr("sepal_length")) << "wherever it stands in the record";
    }
    EXPECT_EQ(0U, outbox_->totals().waiting);
    EXPECT_EQ(3, counted(counters_.tried(Outcome::sent)));
    EXPECT_EQ(3, counted(counters_.predictions));
    EXPECT_EQ(0, counted(counters_.repeats));
    EXPECT_EQ(Turn::nothing_due, courier().work(stop_));
}

TEST_F(CourierTest, OthersHaveTheirTurn) {
    addresses_.recipients[bob_] = {"bob@example.com", true};
    options_.mails_in_turn = 2;
    add(ann_, 5);
    add(bob_, 1);
    auto one = courier();
    EXPECT_EQ(Turn::worked, one.work(stop_));
    EXPECT_EQ(Turn::worked, one.work(stop_));
    std::set<std::string> to;
    for (const auto& message : script_.tried) to.insert(message.to);
    EXPECT_EQ(2U, to.size());
    work_off(courier());
    EXPECT_EQ(6U, script_.tried.size());
}

TEST_F(CourierTest, AMailThatIsPutOffIsTheSameMailLater) {
    const auto ids = add(ann_, 2);
    script_.answers = {{Outcome::temporary, "450 later"}, {Outcome::unknown, "no answer"}};
    work_off(courier(), 300ms);
    const auto first = ids[0].to_string();
    EXPECT_THAT(tried_ids(), ElementsAre(first, first, first, ids[1].to_string()));
    EXPECT_EQ(script_.tried[0].bytes, script_.tried[1].bytes) << "to the letter, its date too";
    EXPECT_EQ(script_.tried[0].bytes, script_.tried[2].bytes);
    EXPECT_EQ(1, counted(counters_.tried(Outcome::temporary)));
    EXPECT_EQ(1, counted(counters_.tried(Outcome::unknown)));
    EXPECT_EQ(2, counted(counters_.repeats));
    EXPECT_THAT(health_.missing(), IsEmpty()) << "the server answers";
}

TEST_F(CourierTest, WhatIsRefusedIsADeadLetterAndTheRestGoesOn) {
    const auto ids = add(ann_, 2);
    script_.answers = {{Outcome::permanent, "550 5.1.1 no such mailbox"}};
    work_off(courier());
    EXPECT_EQ(2U, script_.tried.size());
    const auto letters = stream_.stored(dlq);
    ASSERT_EQ(1U, letters.size());
    const auto& letter = letters[0].record;
    EXPECT_EQ("550 5.1.1 no such mailbox", stream::find_header(letter, "__connect.errors.exception.message"));
    EXPECT_EQ("MailRefused", stream::find_header(letter, "__connect.errors.class.name"));
    EXPECT_EQ("output-topic", stream::find_header(letter, "__connect.errors.topic"));
    EXPECT_THAT(letter.value.value_or(""), HasSubstr("setosa"));
    EXPECT_EQ(1, counted(counters_.dead_letters));
    EXPECT_EQ(0U, outbox_->totals().waiting);
}

TEST_F(CourierTest, WithoutItsDeadLetterAMailIsNotGivenUp) {
    add(ann_, 1);
    script_.answers = {{Outcome::permanent, "550 no"}, {Outcome::permanent, "550 no"}};
    stream_.deliver([](const auto&, auto, const auto&) {
        return stream::Delivery{.outcome = stream::Delivery::Outcome::unknown, .reason = "broker away"};
    });
    auto one = courier();
    EXPECT_EQ(Turn::worked, one.work(stop_));
    EXPECT_EQ(1U, outbox_->totals().waiting);
    EXPECT_THAT(health_.missing().at("stream"), HasSubstr("broker away"));
    stream_.deliver([](const auto&, auto, const auto&) { return stream::Delivery{}; });
    work_off(courier(), 300ms);
    EXPECT_EQ(0U, outbox_->totals().waiting);
}

TEST_F(CourierTest, WhatIsNoAddressIsNeverTried) {
    for (const std::string address : {"ann@example.com\r\nBcc: eve@example.com", "a@b.c,eve@example.com", "no address",
                                      "\"ann\"@example.com", "\xC3\xA4@example.com"}) {
        addresses_.recipients[ann_] = {address, true};
        add(ann_, 1);
        work_off(courier());
    }
    addresses_.recipients[ann_] = {std::string(300, 'x') + "@example.com", true};
    add(ann_, 1);
    work_off(courier());
    EXPECT_THAT(script_.tried, IsEmpty());
    EXPECT_EQ(6U, stream_.stored(dlq).size());
    EXPECT_EQ(0U, outbox_->totals().waiting);
}

TEST_F(CourierTest, NobodyIsMailedWhoIsGoneOrDoesNotWantIt) {
    add(bob_, 3);
    work_off(courier());
    addresses_.recipients[ann_].wants_mail = false;
    add(ann_, 2);
    work_off(courier());
    EXPECT_THAT(script_.tried, IsEmpty());
    EXPECT_THAT(stream_.stored(dlq), IsEmpty());
    EXPECT_EQ(3, counted(counters_.unknown_user));
    EXPECT_EQ(2, counted(counters_.opted_out));
    EXPECT_EQ(0U, outbox_->totals().waiting);
}

TEST_F(CourierTest, WhatWasMadeBeforeMailWasSwitchedOnAgainIsNotMailed) {
    add(ann_, 2, 1h);
    const auto ids = add(ann_, 1);
    addresses_.recipients[ann_].mail_since = now_ms() - 60'000;
    work_off(courier());
    EXPECT_THAT(tried_ids(), ElementsAre(ids[0].to_string()));
    EXPECT_EQ(2, counted(counters_.opted_out));
    EXPECT_EQ(0U, outbox_->totals().waiting);
}

TEST_F(CourierTest, AMailThatIsCutOffAtAStopSaysNothingOfTheServer) {
    add(ann_, 1);
    script_.answers = {{Outcome::away, "stopped while it was sent"}};
    script_.while_sending = [this] { stop_.request(); };
    EXPECT_EQ(Turn::server_away, courier().work(stop_));
    EXPECT_THAT(health_.missing(), IsEmpty());
    EXPECT_EQ(1U, outbox_->totals().waiting);
}

TEST_F(CourierTest, AServerThatIsAwayIsNobodysFault) {
    const auto ids = add(ann_, 1);
    script_.answers = {{Outcome::away, "refused"}};
    auto one = courier();
    EXPECT_EQ(Turn::server_away, one.work(stop_));
    EXPECT_EQ("refused", health_.missing().at("smtp"));
    EXPECT_EQ(Turn::worked, one.work(stop_)) << "without any wait for the user";
    EXPECT_THAT(health_.missing(), IsEmpty());
    EXPECT_THAT(tried_ids(), ElementsAre(ids[0].to_string(), ids[0].to_string()));
}

TEST_F(CourierTest, AboveTheLimitPredictionsGoIntoOneMail) {
    options_.rules.limit = 2;
    add(ann_, 5);
    work_off(courier());
    EXPECT_EQ(2U, script_.tried.size());
    EXPECT_EQ(3U, outbox_->totals().waiting);
    const auto due = outbox_->next_due();
    ASSERT_TRUE(due);
    EXPECT_GT(*due, 59min);
    add(ann_, 1);
    EXPECT_EQ(Turn::nothing_due, courier().work(stop_));
}

TEST_F(CourierTest, ADigestIsOneMailOfAll) {
    options_.rules = {.mode = MailRules::Mode::digest, .digest_interval = 1h, .digest_count = 3};
    add(ann_, 2);
    EXPECT_EQ(Turn::nothing_sent, courier().work(stop_));
    EXPECT_EQ(Turn::nothing_due, courier().work(stop_));
    add(ann_, 1);
    work_off(courier());
    ASSERT_EQ(1U, script_.tried.size());
    EXPECT_THAT(script_.tried[0].bytes, HasSubstr("Subject: 3 predictions\r\n"));
    EXPECT_EQ(3, counted(counters_.predictions));
}

TEST_F(CourierTest, WhatIsPutOffForTooLongIsGivenUp) {
    options_.give_up = 1h;
    options_.least_tries = 3;
    add(ann_, 1, 2h);
    script_.answers = {3, {Outcome::temporary, "450 mailbox full"}};
    work_off(courier(), 300ms);
    EXPECT_EQ(3U, script_.tried.size());
    ASSERT_EQ(1U, stream_.stored(dlq).size());
    EXPECT_EQ("MailGivenUp", stream::find_header(stream_.stored(dlq)[0].record, "__connect.errors.class.name"));
    EXPECT_EQ("given up after 1h: 450 mailbox full",
              stream::find_header(stream_.stored(dlq)[0].record, "__connect.errors.exception.message"));
}

TEST_F(CourierTest, AReplayedLetterIsTriedAgainAsLongAsAnyMail) {
    options_.give_up = 1h;
    Entry entry = old_entry(ann_, 2h);
    outbox_->add(std::vector{entry});
    script_.answers = {{Outcome::permanent, "550 no such mailbox"}, {Outcome::temporary, "450 mailbox full"}};
    work_off(courier());
    ASSERT_EQ(1U, stream_.stored(dlq).size());
    entry.record.at.topic = "output-topic.notification.retry";
    entry.is_retried = true;
    outbox_->add(std::vector{entry});
    work_off(courier(), 300ms);
    EXPECT_EQ(1U, stream_.stored(dlq).size()) << "put off, it is not given up for its age";
    EXPECT_EQ(1, counted(counters_.tried(Outcome::sent)));
}

TEST_F(CourierTest, AnOldOneIsNotGivenUpAtTheFirstTry) {
    options_.give_up = 1h;
    add(ann_, 1, 2h);
    script_.answers = {{Outcome::temporary, "450 greylisted"}};
    work_off(courier(), 300ms);
    EXPECT_TRUE(stream_.stored(dlq).empty());
    EXPECT_EQ(1, counted(counters_.tried(Outcome::sent)));
}

TEST_F(CourierTest, AnOldOneThatIsTakenIsMailed) {
    options_.give_up = 1h;
    add(ann_, 1, 2h);
    work_off(courier());
    EXPECT_EQ(1, counted(counters_.tried(Outcome::sent)));
}

TEST_F(CourierTest, AMailThatDiedWithItsSenderIsSentAgainAsItWas) {
    const auto ids = add(ann_, 1);
    options_.lease = 1ms;
    const auto claim = outbox_->claim(1ms);
    const auto mail = outbox_->compose(*claim, 1, false, {}, 1ms);
    std::this_thread::sleep_for(10ms);
    options_.lease = 60s;
    work_off(courier());
    EXPECT_THAT(tried_ids(), ElementsAre(ids[0].to_string()));
    EXPECT_THAT(script_.tried[0].bytes, HasSubstr("Date: " + mail_date(mail.composed_at)));
}

TEST_F(CourierTest, ADatabaseThatIsAwayIsToldToTheCaller) {
    add(ann_, 1);
    addresses_.is_away = true;
    EXPECT_THROW(courier().work(stop_), Unavailable);
    EXPECT_THAT(script_.tried, IsEmpty());
}

TEST_F(CourierTest, AMailThatWasSentWhenTheStopCameIsNotSentAgain) {
    add(ann_, 2);
    script_.while_sending = [&] { stop_.request(); };
    EXPECT_EQ(Turn::worked, courier().work(stop_));
    EXPECT_THAT(tried_ids(), SizeIs(1));
    EXPECT_EQ(1U, outbox_->totals().waiting);
}

TEST_F(CourierTest, ADatabaseThatGoesWhileAMailIsSentIsWaitedForAlsoAtAStopAndNothingIsSentTwice) {
    add(ann_, 1);
    SQLite::Database other(dir_ / "users.db", SQLite::OPEN_READWRITE);
    script_.while_sending = [&] {
        stop_.request();
        other.exec("BEGIN IMMEDIATE");
    };
    std::thread release([&] {
        EXPECT_TRUE(stream_.wait([&] { return health_.missing().contains(outbox_->dependency()); }));
        other.exec("ROLLBACK");
    });
    EXPECT_NO_THROW(work_off(courier()));
    release.join();
    EXPECT_THAT(tried_ids(), SizeIs(1));
    EXPECT_EQ(0U, outbox_->totals().waiting);
    EXPECT_THAT(health_.missing(), IsEmpty());
}

TEST_F(CourierTest, ADatabaseThatIsAwayHoldsAStopNoLongerThanItsDeadline) {
    add(ann_, 1);
    SQLite::Database other(dir_ / "users.db", SQLite::OPEN_READWRITE);
    script_.while_sending = [&] {
        stop_.request();
        other.exec("BEGIN IMMEDIATE");
    };
    Courier one = courier();
    std::thread deadline([&] {
        EXPECT_TRUE(stream_.wait([&] { return health_.missing().contains(outbox_->dependency()); }));
        one.cancel();
    });
    EXPECT_THROW(one.work(stop_), Unavailable);
    deadline.join();
    other.exec("ROLLBACK");
    EXPECT_EQ(1U, outbox_->totals().waiting) << "it may be mailed twice, and is not forgotten";
}

TEST_F(CourierTest, StopsBetweenMails) {
    add(ann_, 3);
    stop_.request();
    EXPECT_EQ(Turn::worked, courier().work(stop_));
    EXPECT_THAT(script_.tried, IsEmpty());
    EXPECT_EQ(0ms, outbox_->next_due()) << "for the next";
}

}  // namespace
}  // namespace nearline::notification
