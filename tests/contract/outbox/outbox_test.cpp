// What every outbox promises, on each of them.

#include <algorithm>
#include <atomic>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "domain/problem.hpp"
#include "domain/time.hpp"
#include "support/outboxes.hpp"

namespace nearline::notification {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr auto long_lease = 60s;

std::int64_t now_ms() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(wall_now().time_since_epoch()).count();
}

Entry entry(const Uuid& user, std::int64_t offset = 0) {
    Entry made{.request_id = Uuid::random(), .user = user};
    made.record.at = {"output-topic", 3};
    made.record.offset = offset;
    made.record.timestamp = now_ms();
    made.record.key = std::string("\0k\xFF", 3);
    made.record.value = std::string("\0\0\0\0\1{\"a\":\"\xC3\xA9\"}", 14);
    made.record.headers = {{"user", user.to_string()}, {"nothing", std::nullopt}, {"bytes", std::string("\0\xFE", 2)}};
    return made;
}

class OutboxTest : public ::testing::TestWithParam<test::OutboxKind> {
protected:
    OutboxTest() { outbox_->prepare(); }

    std::unique_ptr<Outbox> another() {
        auto made = place_->open();
        made->prepare();
        return made;
    }
    std::vector<Uuid> add(const Uuid& user, int entries) {
        std::vector<Entry> made;
        std::vector<Uuid> ids;
        for (int i = 0; i < entries; ++i) {
            made.push_back(entry(user, i));
            ids.push_back(made.back().request_id);
        }
        outbox_->add(made);
        return ids;
    }
    static std::vector<Uuid> ids_of(const Composition& mail) {
        std::vector<Uuid> ids;
        for (const Entry& each : mail.entries) ids.push_back(each.request_id);
        return ids;
    }
    /// One mail of one entry, sent; the entry's id.
    static std::optional<Uuid> send_one(Outbox& outbox) {
        const auto claim = outbox.claim(long_lease);
        if (!claim) return std::nullopt;
        // Something came that is there already.
        if (outbox.backlog(*claim, 1).entries == 0) {
            outbox.release(*claim, {});
            return std::nullopt;
        }
        const auto mail = outbox.compose(*claim, 1, false, {}, long_lease);
        outbox.finish(*claim, Outbox::End::sent, "");
        outbox.release(*claim, {});
        return mail.entries.at(0).request_id;
    }

    std::unique_ptr<test::OutboxPlace> place_ = GetParam().make();
    std::unique_ptr<Outbox> outbox_ = place_->open();
    const Uuid ann_ = Uuid::random();
    const Uuid bob_ = Uuid::random();
};
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

TEST_P(OutboxTest, AUserIsLeasedToOneSender) {
    add(ann_, 3);
    const auto other = another();
    const auto claim = outbox_->claim(long_lease);
    ASSERT_TRUE(claim);
    EXPECT_FALSE(outbox_->claim(long_lease));
    EXPECT_FALSE(other->claim(long_lease));
    add(ann_, 1);
    EXPECT_FALSE(other->claim(long_lease)) << "also not when something comes";
    add(bob_, 1);
    const auto second = other->claim(long_lease);
    ASSERT_TRUE(second) << "other users are free";
    EXPECT_EQ(bob_, second->user);
    outbox_->release(*claim, {});
    EXPECT_EQ(ann_, other->claim(long_lease)->user);
}

TEST_P(OutboxTest, ALeaseEndsByItselfAndItsHolderCanDoNothingMore) {
    const auto ids = add(ann_, 2);
    const auto claim = outbox_->claim(1ms);
    const auto mail = outbox_->compose(*claim, 1, false, {}, 50ms);
    std::this_thread::sleep_for(100ms);
    const auto other = another();
    const auto next = other->claim(long_lease);
    ASSERT_TRUE(next);
    EXPECT_THROW(outbox_->composed(*claim, long_lease), LeaseLost);
    EXPECT_THROW(outbox_->compose(*claim, 1, false, {}, long_lease), LeaseLost);
    EXPECT_THROW(outbox_->finish(*claim, Outbox::End::sent, ""), LeaseLost);
    EXPECT_THROW(outbox_->skip_all(*claim, ""), LeaseLost);
    EXPECT_THROW(outbox_->put_off(*claim, 1s, ""), LeaseLost);
    EXPECT_THROW(outbox_->release(*claim, {}), LeaseLost);
    EXPECT_TRUE(other->backlog(*next, 10).has_composition);
    const auto again = other->composed(*next, long_lease);
    EXPECT_EQ(mail.id, again.id);
    EXPECT_EQ(mail.composed_at, again.composed_at);
    EXPECT_THAT(ids_of(again), ElementsAre(ids[0]));
}

TEST_P(OutboxTest, ComposingRenewsTheLease) {
    add(ann_, 2);
    const auto claim = outbox_->claim(300ms);
    outbox_->compose(*claim, 1, false, {}, long_lease);
    std::this_thread::sleep_for(400ms);
    EXPECT_FALSE(another()->claim(long_lease));
    outbox_->finish(*claim, Outbox::End::sent, "");
}

TEST_P(OutboxTest, ADigestIsTheSameMailWhenItIsSentAgain) {
    const auto ids = add(ann_, 4);
    auto claim = outbox_->claim(long_lease);
    const auto mail = outbox_->compose(*claim, 3, true, {}, long_lease);
    EXPECT_TRUE(mail.is_digest);
    EXPECT_TRUE(Uuid::parse(mail.id));
    EXPECT_THAT(ids_of(mail), ElementsAre(ids[0], ids[1], ids[2]));
    outbox_->put_off(*claim, 0ms, "450 later");
    add(ann_, 2);
    claim = another()->claim(long_lease);
    ASSERT_TRUE(claim);
    EXPECT_EQ(1, claim->failures);
    const auto again = outbox_->composed(*claim, long_lease);
    EXPECT_EQ(mail.id, again.id);
    EXPECT_TRUE(again.is_digest);
    EXPECT_EQ(1, again.attempts);
    EXPECT_EQ(ids_of(mail), ids_of(again));
    EXPECT_EQ(3U, outbox_->backlog(*claim, 10).entries);
    outbox_->finish(*claim, Outbox::End::sent, "");
    EXPECT_FALSE(outbox_->backlog(*claim, 10).has_composition);
    outbox_->release(*claim, {});
    EXPECT_EQ(0, outbox_->claim(long_lease)->failures);
}

TEST_P(OutboxTest, WhoIsPutOffWaitsAlsoWhenSomethingComes) {
    add(ann_, 1);
    const auto claim = outbox_->claim(long_lease);
    outbox_->compose(*claim, 1, false, {}, long_lease);
    outbox_->put_off(*claim, 60s, "450 mailbox busy");
    EXPECT_FALSE(outbox_->claim(long_lease));
    add(ann_, 1);
    EXPECT_FALSE(outbox_->claim(long_lease));
    const auto next = outbox_->next_due();
    ASSERT_TRUE(next);
    EXPECT_GT(*next, 50s);
    EXPECT_LE(*next, 60s);
    add(bob_, 1);
    EXPECT_EQ(bob_, outbox_->claim(long_lease)->user);
}

TEST_P(OutboxTest, ARestIsCutShortByWhatComesUnlessItIsStrict) {
    add(ann_, 1);
    auto claim = outbox_->claim(long_lease);
    outbox_->release(*claim, {.time = 60s});
    EXPECT_FALSE(outbox_->claim(long_lease));
    add(ann_, 1);
    claim = outbox_->claim(long_lease);
    ASSERT_TRUE(claim);
    outbox_->release(*claim, {.time = 60s, .is_strict = true, .is_gathering = true});
    add(ann_, 1);
    EXPECT_FALSE(outbox_->claim(long_lease));
}

TEST_P(OutboxTest, AStrictRestEndsWithItsTimeAndGatheringIsRemembered) {
    add(ann_, 1);
    auto claim = outbox_->claim(long_lease);
    outbox_->release(*claim, {.time = 200ms, .is_strict = true, .is_gathering = true});
    EXPECT_FALSE(outbox_->claim(long_lease));
    std::this_thread::sleep_for(250ms);
    claim = outbox_->claim(long_lease);
    ASSERT_TRUE(claim);
    EXPECT_TRUE(claim->count.is_gathering);
    outbox_->release(*claim, {});
    claim = outbox_->claim(long_lease);
    ASSERT_TRUE(claim) << "something waits";
    EXPECT_FALSE(claim->count.is_gathering);
}

TEST_P(OutboxTest, WhoHasNothingLeftIsNotDue) {
    add(ann_, 1);
    EXPECT_TRUE(send_one(*outbox_));
    EXPECT_FALSE(outbox_->claim(long_lease));
    EXPECT_FALSE(outbox_->next_due());
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

TEST_P(OutboxTest, WhatIsDeadIsRevivedByItsLetterOnce) {
    std::vector<Entry> entries{entry(ann_)};
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

TEST_P(OutboxTest, SeveralProcessesSendEachEntryOnceWhileOthersAddTheSame) {
    constexpr int users = 6;
    constexpr int each = 30;
    std::vector<Entry> entries;
    for (int i = 0; i < users; ++i) {
        const Uuid user = Uuid::random();
        for (int k = 0; k < each; ++k) entries.push_back(entry(user, k));
    }
    std::mutex mutex;
    std::map<Uuid, int> sent;
    std::atomic<int> adders = 2;
    std::vector<std::thread> threads;
    for (int i = 0; i < 2; ++i) {
        threads.emplace_back([&, i] {
            const auto outbox = another();
            // From both ends: the same entries in other orders.
            auto mine = entries;
            if (i == 1) std::reverse(mine.begin(), mine.end());
            const std::span<const Entry> all(mine);
            for (std::size_t k = 0; k < all.size(); k += 20) {
                for (;;) {
                    try {
                        outbox->add(all.subspan(k, std::min<std::size_t>(20, all.size() - k)));
                        break;
                    } catch (const Unavailable&) {
                    }
                }
            }
            --adders;
        });
    }
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
            const auto outbox = another();
            for (;;) {
                const bool is_last_look = adders == 0;
                std::optional<Uuid> id;
                try {
                    id = send_one(*outbox);
                } catch (const Unavailable&) {
                    continue;
                }
                if (!id && is_last_look && outbox->totals().waiting == 0) return;
                if (!id) continue;
                const std::scoped_lock lock(mutex);
                ++sent[*id];
            }
        });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(entries.size(), sent.size());
    for (const auto& [id, times] : sent) EXPECT_EQ(1, times) << id.to_string();
}

TEST(OutboxUrl, IsChecked) {
    EXPECT_TRUE(make_outbox("sqlite:./data/users.db", ""));
    EXPECT_TRUE(make_outbox("mysql://nearline@db:3306/nearline", ""));
    EXPECT_THROW(make_outbox("users.db", ""), std::invalid_argument);
    EXPECT_THROW(make_outbox("sqlite:", ""), std::invalid_argument);
}

}  // namespace
}  // namespace nearline::notification
