// What every outbox promises, on each of them: what goes in, comes out and ends.

#include <gtest/gtest.h>
#include <set>
#include <thread>

#include "contract/outbox/fixture.hpp"

namespace nearline::notification {
namespace {

INSTANTIATE_TEST_SUITE_P(All, OutboxTest, ::testing::ValuesIn(test::outbox_kinds),
                         [](const auto& each) { return each.param.name; });

TEST_P(OutboxTest, AnEntryComesOutAsItWentIn) {
    const Entry in = entry(ann_, 1'234'567'890'123);
    outbox_->add(std::vector{in});
    const auto claim = outbox_->claim(long_lease);
    ASSERT_TRUE(claim);
    EXPECT_EQ(ann_, claim->user);
    const auto before = now_ms();
    const auto mail = outbox_->compose(*claim, 1, false, {.hour_began = 5, .mails = 7}, long_lease);
    EXPECT_EQ(in.request_id.to_string(), mail.id);
    EXPECT_FALSE(mail.is_digest);
    EXPECT_EQ(0, mail.attempts);
    EXPECT_NEAR(static_cast<double>(before), static_cast<double>(mail.composed_at), 5'000);
    ASSERT_EQ(1U, mail.entries.size());
    const Entry& out = mail.entries[0];
    EXPECT_EQ(in.request_id, out.request_id);
    EXPECT_EQ(in.user, out.user);
    EXPECT_EQ(static_cast<const stream::Record&>(in.record), static_cast<const stream::Record&>(out.record));
    EXPECT_EQ(in.record.at, out.record.at);
    EXPECT_EQ(in.record.offset, out.record.offset);
    outbox_->finish(*claim, Outbox::End::sent, "");
    outbox_->release(*claim, {});
    outbox_->add(std::vector{entry(ann_)});
    EXPECT_EQ((MailCount{5, 7, false}), outbox_->claim(long_lease)->count);
}

TEST_P(OutboxTest, HoldsNothingAtFirst) {
    EXPECT_FALSE(outbox_->claim(long_lease));
    EXPECT_FALSE(outbox_->next_due());
    EXPECT_EQ(0U, outbox_->totals().waiting);
    EXPECT_EQ(0ms, outbox_->totals().oldest_age);
    EXPECT_EQ(0U, outbox_->sweep(0ms, 100));
    outbox_->add({});
    EXPECT_FALSE(outbox_->claim(long_lease));
    outbox_->prepare();
}

TEST_P(OutboxTest, WhatIsThereIsNotTakenInAgain) {
    const std::vector<Entry> entries{entry(ann_), entry(ann_), entry(bob_)};
    outbox_->add(entries);
    outbox_->add(entries);
    EXPECT_EQ(3U, outbox_->totals().waiting);
    std::set<Uuid> sent;
    while (const auto id = send_one(*outbox_)) EXPECT_TRUE(sent.insert(*id).second);
    EXPECT_EQ(3U, sent.size());
    outbox_->add(entries);
    EXPECT_EQ(0U, outbox_->totals().waiting);
}

TEST_P(OutboxTest, TakesLargeBatchesAndLargeRecordsInOrder) {
    std::vector<Entry> entries;
    for (int i = 0; i < 150; ++i) entries.push_back(entry(ann_, i));
    entries[70].record.value = std::string(900'000, 'x');
    outbox_->add(entries);
    const auto claim = outbox_->claim(long_lease);
    EXPECT_EQ(150U, outbox_->backlog(*claim, 1'000).entries);
    EXPECT_EQ(100U, outbox_->backlog(*claim, 100).entries);
    const auto mail = outbox_->compose(*claim, 1'000, true, {}, long_lease);
    ASSERT_EQ(150U, mail.entries.size());
    for (int i = 0; i < 150; ++i) EXPECT_EQ(i, mail.entries[static_cast<std::size_t>(i)].record.offset);
    EXPECT_EQ(900'000U, mail.entries[70].record.value->size());
}

TEST_P(OutboxTest, ForAUserWhoIsNoMoreAllIsSkipped) {
    add(ann_, 5);
    add(bob_, 1);
    auto claim = outbox_->claim(long_lease);
    while (claim->user != ann_) {
        outbox_->release(*claim, {.time = 60s});
        claim = outbox_->claim(long_lease);
    }
    outbox_->compose(*claim, 1, false, {}, long_lease);
    EXPECT_EQ(5U, outbox_->skip_all(*claim, "no such user"));
    outbox_->release(*claim, {});
    EXPECT_EQ(1U, outbox_->totals().waiting);
}

TEST_P(OutboxTest, EverythingCanBeSkipped) {
    add(ann_, 3);
    add(bob_, 2);
    const auto claim = outbox_->claim(long_lease);
    outbox_->compose(*claim, 1, false, {}, long_lease);
    EXPECT_EQ(5U, outbox_->skip_everything("off"));
    EXPECT_EQ(0U, outbox_->skip_everything("off"));
    EXPECT_EQ(0U, outbox_->totals().waiting);
    EXPECT_FALSE(outbox_->next_due());
    EXPECT_THROW(outbox_->finish(*claim, Outbox::End::sent, ""), LeaseLost);
    const auto fresh = add(claim->user, 1);
    EXPECT_EQ(fresh[0], send_one(*outbox_)) << "what comes later is mailed as ever";
}

TEST_P(OutboxTest, WhatIsFromBeforeIsSkippedAlsoOutOfAMail) {
    std::vector<Entry> entries;
    for (int i = 0; i < 4; ++i) {
        entries.push_back(entry(ann_, i));
        entries.back().record.timestamp = 1'000 + i;
    }
    outbox_->add(entries);
    const auto claim = outbox_->claim(long_lease);
    const auto mail = outbox_->compose(*claim, 2, true, {}, long_lease);
    EXPECT_EQ(1U, outbox_->skip_before(*claim, 1'001, "from before"));
    const auto rest = outbox_->composed(*claim, long_lease);
    EXPECT_EQ(mail.id, rest.id);
    EXPECT_EQ(std::vector{entries[1].request_id}, ids_of(rest));
    EXPECT_EQ(2U, outbox_->skip_before(*claim, 1'003, "from before"));
    EXPECT_EQ(0U, outbox_->skip_before(*claim, 1'003, "from before"));
    const auto backlog = outbox_->backlog(*claim, 10);
    EXPECT_FALSE(backlog.has_composition) << "nothing is left of the mail";
    EXPECT_EQ(1U, backlog.entries);
    EXPECT_EQ(1U, outbox_->totals().waiting);
}

TEST_P(OutboxTest, WhatIsDeadIsRevivedByItsLetterOnce) {
    std::vector<Entry> entries{entry(ann_)};
    entries[0].record.timestamp -= 1'000'000'000;
    outbox_->add(entries);
    auto claim = outbox_->claim(long_lease);
    outbox_->compose(*claim, 1, false, {}, long_lease);
    outbox_->finish(*claim, Outbox::End::dead, "550 no such mailbox");
    outbox_->release(*claim, {});
    outbox_->add(entries);
    EXPECT_EQ(0U, outbox_->totals().waiting) << "the record itself revives nothing";
    entries[0].record.at.topic = "output-topic.notification.retry";
    entries[0].is_retried = true;
    outbox_->add(entries);
    outbox_->add(entries);
    EXPECT_EQ(1U, outbox_->totals().waiting);
    claim = outbox_->claim(long_lease);
    ASSERT_TRUE(claim);
    const auto mail = outbox_->compose(*claim, 1, false, {}, long_lease);
    EXPECT_EQ(entries[0].record.value, mail.entries.at(0).record.value);
    EXPECT_GT(mail.entries.at(0).record.timestamp, entries[0].record.timestamp + 900'000'000) << "tried from now on";
    EXPECT_EQ("output-topic.notification.retry", mail.entries.at(0).record.at.topic);
    outbox_->finish(*claim, Outbox::End::dead, "550 again");
    outbox_->release(*claim, {});
    outbox_->add(entries);
    EXPECT_EQ(0U, outbox_->totals().waiting) << "read once more, the letter revives nothing";
    ++entries[0].record.offset;
    outbox_->add(entries);
    EXPECT_EQ(1U, outbox_->totals().waiting) << "another letter does";
}

TEST_P(OutboxTest, ARetriedRecordThatIsNotThereIsTakenInAndASentOneIsNot) {
    std::vector<Entry> entries{entry(ann_)};
    entries[0].is_retried = true;
    outbox_->add(entries);
    EXPECT_EQ(1U, outbox_->totals().waiting);
    EXPECT_TRUE(send_one(*outbox_));
    ++entries[0].record.offset;
    outbox_->add(entries);
    EXPECT_EQ(0U, outbox_->totals().waiting);
}

TEST_P(OutboxTest, SweepsWhatEndedLongAgoInSteps) {
    add(ann_, 3);
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(send_one(*outbox_));
    add(bob_, 1);
    std::this_thread::sleep_for(20ms);
    EXPECT_EQ(0U, outbox_->sweep(1h, 100));
    EXPECT_EQ(2U, outbox_->sweep(1ms, 2));
    EXPECT_EQ(1U, outbox_->sweep(1ms, 2));
    EXPECT_EQ(0U, outbox_->sweep(1ms, 2));
    EXPECT_EQ(1U, outbox_->totals().waiting) << "what waits is kept";
}

TEST_P(OutboxTest, SweepsUsersForWhomNothingWaitsInSteps) {
    std::vector<Uuid> users;
    for (int i = 0; i < 3; ++i) add(users.emplace_back(Uuid::random()), 1);
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(send_one(*outbox_));
    add(ann_, 1);
    add(bob_, 1);
    const auto claim = outbox_->claim(long_lease);
    EXPECT_EQ(2U, outbox_->sweep_users(2h, 2));
    EXPECT_EQ(1U, another()->sweep_users(2h, 2));
    EXPECT_EQ(0U, outbox_->sweep_users(2h, 2));
    outbox_->release(*claim, {});
    EXPECT_EQ(2U, outbox_->totals().waiting);
    for (int i = 0; i < 2; ++i) EXPECT_TRUE(send_one(*outbox_));
    add(users[0], 1);
    EXPECT_TRUE(send_one(*outbox_)) << "who is forgotten may come again";
}

TEST_P(OutboxTest, WhoWasMailedLatelyIsNotForgotten) {
    add(ann_, 1);
    const auto claim = outbox_->claim(long_lease);
    outbox_->compose(*claim, 1, false, {.hour_began = now_ms(), .mails = 1}, long_lease);
    outbox_->finish(*claim, Outbox::End::sent, "");
    outbox_->release(*claim, {});
    EXPECT_EQ(0U, outbox_->sweep_users(2h, 10));
    std::this_thread::sleep_for(20ms);
    EXPECT_EQ(1U, outbox_->sweep_users(1ms, 10));
}

TEST_P(OutboxTest, ARecordFromTheFutureIsKeptUntilItIsOld) {
    std::vector<Entry> entries{entry(ann_)};
    entries[0].record.timestamp += 3'600'000;
    outbox_->add(entries);
    ASSERT_TRUE(send_one(*outbox_));
    std::this_thread::sleep_for(20ms);
    EXPECT_EQ(0U, outbox_->sweep(1ms, 100));
}

TEST_P(OutboxTest, TotalsSayWhatWaitsAndHowLong) {
    add(ann_, 2);
    std::this_thread::sleep_for(30ms);
    const auto claim = outbox_->claim(long_lease);
    outbox_->compose(*claim, 1, false, {}, long_lease);
    EXPECT_EQ(2U, outbox_->totals().waiting) << "what is composed still waits";
    EXPECT_GE(outbox_->totals().oldest_age, 30ms);
    EXPECT_LE(outbox_->backlog(*claim, 10).oldest, outbox_->backlog(*claim, 10).now - 30);
}

TEST(OutboxUrl, IsChecked) {
    EXPECT_TRUE(make_outbox("sqlite:./data/users.db", ""));
    EXPECT_TRUE(make_outbox("mysql://nearline@db:3306/nearline", ""));
    EXPECT_THROW(make_outbox("users.db", ""), std::invalid_argument);
    EXPECT_THROW(make_outbox("sqlite:", ""), std::invalid_argument);
}

}  // namespace
}  // namespace nearline::notification
