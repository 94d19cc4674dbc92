// Which mail a user gets next, and when.

#include "notification/mail_plan.hpp"

#include <gtest/gtest.h>

namespace nearline::notification {
namespace {

using namespace std::chrono_literals;
using Kind = MailPlan::Kind;

constexpr std::int64_t now = 1'700'000'000'000;
constexpr std::int64_t minute = 60'000;

Backlog backlog(std::size_t entries, std::int64_t oldest = now) {
    return {.entries = entries, .oldest = oldest, .now = now};
}

TEST(MailPlan, NothingForNothing) {
    EXPECT_EQ(Kind::nothing, plan_mail({}, {}, backlog(0)).kind);
    EXPECT_EQ(Kind::nothing, plan_mail({.mode = MailRules::Mode::digest}, {}, backlog(0)).kind);
}

TEST(MailPlan, EveryPredictionIsAMailAndTheHourBeginsWithTheFirst) {
    const auto first = plan_mail({}, {}, backlog(1));
    EXPECT_EQ(Kind::single, first.kind);
    EXPECT_EQ(1U, first.entries);
    EXPECT_EQ((MailCount{now, 1, false}), first.count);
    const auto tenth = plan_mail({}, {now - 30 * minute, 9, false}, backlog(1));
    EXPECT_EQ((MailCount{now - 30 * minute, 10, false}), tenth.count);
    EXPECT_EQ(1U, entries_to_count({}, {}));
}

TEST(MailPlan, AboveTheLimitTheyWaitForTheHourToEndAndAreGathered) {
    const MailCount full{now - 20 * minute, 60, false};
    const auto held = plan_mail({}, full, backlog(1));
    EXPECT_EQ(Kind::wait, held.kind);
    EXPECT_EQ(40min, held.rest.time);
    EXPECT_TRUE(held.rest.is_strict) << "what comes meanwhile changes nothing";
    EXPECT_TRUE(held.rest.is_gathering);
    const MailCount over{now - 61 * minute, 60, true};
    EXPECT_EQ(1'000U, entries_to_count({}, over));
    const auto gathered = plan_mail({}, over, backlog(7));
    EXPECT_EQ(Kind::digest, gathered.kind);
    EXPECT_EQ(7U, gathered.entries);
    EXPECT_EQ((MailCount{now, 1, false}), gathered.count) << "a new hour, and nothing is held back any more";
}

TEST(MailPlan, OneThatWasHeldBackIsAMailLikeAnyOther) {
    const auto plan = plan_mail({}, {now - 61 * minute, 60, true}, backlog(1));
    EXPECT_EQ(Kind::single, plan.kind);
    EXPECT_FALSE(plan.count.is_gathering);
}

TEST(MailPlan, AMailThatIsFullIsFollowedByAnother) {
    const auto plan = plan_mail({}, {now - 61 * minute, 60, true}, backlog(1'000));
    EXPECT_EQ(1'000U, plan.entries);
    EXPECT_TRUE(plan.count.is_gathering);
}

TEST(MailPlan, WithoutALimitNothingIsHeldBack) {
    EXPECT_EQ(Kind::single, plan_mail({.limit = 0}, {now - minute, 100'000, false}, backlog(5)).kind);
}

TEST(MailPlan, ADigestWaitsForItsTime) {
    const MailRules rules{.mode = MailRules::Mode::digest, .digest_interval = 1h, .digest_count = 10};
    const auto early = plan_mail(rules, {}, backlog(3, now - 20 * minute));
    EXPECT_EQ(Kind::wait, early.kind);
    EXPECT_EQ(40min, early.rest.time);
    EXPECT_FALSE(early.rest.is_strict) << "what comes may make it full";
    const auto due = plan_mail(rules, {}, backlog(3, now - 60 * minute));
    EXPECT_EQ(Kind::digest, due.kind);
    EXPECT_EQ(3U, due.entries);
}

TEST(MailPlan, AFullDigestDoesNotWait) {
    const MailRules rules{.mode = MailRules::Mode::digest, .digest_interval = 1h, .digest_count = 10};
    EXPECT_EQ(Kind::digest, plan_mail(rules, {}, backlog(10)).kind);
    EXPECT_EQ(12U, plan_mail(rules, {}, backlog(12)).entries);
    EXPECT_EQ(Kind::wait, plan_mail(rules, {}, backlog(9)).kind);
}

TEST(MailPlan, DigestsKeepToTheLimitToo) {
    const MailRules rules{.mode = MailRules::Mode::digest, .limit = 2, .digest_count = 1};
    EXPECT_EQ(Kind::wait, plan_mail(rules, {now - minute, 2, false}, backlog(5)).kind);
}

TEST(MailPlan, AClockThatWentBackHoldsNobodyBack) {
    EXPECT_EQ(Kind::single, plan_mail({}, {now + 500 * minute, 60, false}, backlog(1)).kind);
}

}  // namespace
}  // namespace nearline::notification
