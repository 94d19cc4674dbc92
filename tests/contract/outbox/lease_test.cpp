// What every outbox promises, on each of them: who may send for a user, and when.

#include <algorithm>
#include <atomic>
#include <gmock/gmock.h>
#include <map>
#include <mutex>
#include <set>
#include <span>
#include <thread>

#include "contract/outbox/fixture.hpp"
#include "domain/problem.hpp"

namespace nearline::notification {
namespace {

using ::testing::ElementsAre;

using OutboxLeases = OutboxTest;
INSTANTIATE_TEST_SUITE_P(All, OutboxLeases, ::testing::ValuesIn(test::outbox_kinds),
                         [](const auto& each) { return each.param.name; });

TEST_P(OutboxLeases, AUserIsLeasedToOneSender) {
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

TEST_P(OutboxLeases, ALeaseEndsByItselfAndItsHolderCanDoNothingMore) {
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

TEST_P(OutboxLeases, CanAllBeEnded) {
    const auto ids = add(ann_, 2);
    const auto claim = outbox_->claim(long_lease);
    outbox_->compose(*claim, 1, false, {}, long_lease);
    const auto next = another();
    EXPECT_FALSE(next->claim(long_lease));
    next->end_leases();
    EXPECT_THROW(outbox_->finish(*claim, Outbox::End::sent, ""), LeaseLost);
    const auto again = next->claim(long_lease);
    ASSERT_TRUE(again);
    EXPECT_THAT(ids_of(next->composed(*again, long_lease)), ElementsAre(ids[0]));
}

TEST_P(OutboxLeases, ComposingRenewsTheLease) {
    add(ann_, 2);
    const auto claim = outbox_->claim(300ms);
    outbox_->compose(*claim, 1, false, {}, long_lease);
    std::this_thread::sleep_for(400ms);
    EXPECT_FALSE(another()->claim(long_lease));
    outbox_->finish(*claim, Outbox::End::sent, "");
}

TEST_P(OutboxLeases, ADigestIsTheSameMailWhenItIsSentAgain) {
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

TEST_P(OutboxLeases, WhoIsPutOffWaitsAlsoWhenSomethingComes) {
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

TEST_P(OutboxLeases, WhoWasPutOffCanBeLeftOut) {
    constexpr auto others = Outbox::Whom::without_failures;
    add(ann_, 1);
    const auto claim = outbox_->claim(long_lease, others);
    ASSERT_TRUE(claim);
    outbox_->compose(*claim, 1, false, {}, long_lease);
    outbox_->put_off(*claim, 0ms, "450 mailbox busy");
    EXPECT_FALSE(outbox_->claim(long_lease, others));
    EXPECT_FALSE(outbox_->next_due(others));
    EXPECT_EQ(0ms, outbox_->next_due());
    add(bob_, 1);
    EXPECT_EQ(0ms, outbox_->next_due(others));
    EXPECT_EQ(bob_, outbox_->claim(long_lease, others)->user);
    const auto again = outbox_->claim(long_lease);
    ASSERT_TRUE(again);
    EXPECT_EQ(ann_, again->user);
    outbox_->composed(*again, long_lease);
    outbox_->finish(*again, Outbox::End::sent, "");
    outbox_->release(*again, {});
    add(ann_, 1);
    EXPECT_EQ(ann_, outbox_->claim(long_lease, others)->user) << "one that succeeds makes good";
}

TEST_P(OutboxLeases, ARestIsCutShortByWhatComesUnlessItIsStrict) {
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

TEST_P(OutboxLeases, AStrictRestEndsWithItsTimeAndGatheringIsRemembered) {
    add(ann_, 1);
    auto claim = outbox_->claim(long_lease);
    const auto released = std::chrono::steady_clock::now();
    outbox_->release(*claim, {.time = 200ms, .is_strict = true, .is_gathering = true});
    claim = outbox_->claim(long_lease);
    while (!claim && std::chrono::steady_clock::now() < released + 30s) claim = outbox_->claim(long_lease);
    ASSERT_TRUE(claim);
    EXPECT_GE(std::chrono::steady_clock::now(), released + 199ms);  // databases count whole milliseconds
    EXPECT_TRUE(claim->count.is_gathering);
    outbox_->release(*claim, {});
    claim = outbox_->claim(long_lease);
    ASSERT_TRUE(claim) << "something waits";
    EXPECT_FALSE(claim->count.is_gathering);
}

TEST_P(OutboxLeases, RestsCanBeEndedButNotThoseOfWhoWasPutOff) {
    const auto rest = [&](const Uuid& user, bool is_strict) {
        add(user, 1);
        const auto claim = outbox_->claim(long_lease);
        ASSERT_EQ(user, claim->user);
        outbox_->release(*claim, {.time = 1h, .is_strict = is_strict});
    };
    rest(ann_, true);
    rest(bob_, false);
    const Uuid put_off = Uuid::random();
    add(put_off, 1);
    auto claim = outbox_->claim(long_lease);
    outbox_->compose(*claim, 1, false, {}, long_lease);
    outbox_->put_off(*claim, 1h, "450 mailbox busy");
    const Uuid leased = Uuid::random();
    add(leased, 1);
    const auto held = outbox_->claim(long_lease);
    ASSERT_EQ(leased, held->user);
    const auto other = another();
    EXPECT_FALSE(other->claim(long_lease));
    other->end_rests();
    std::set<Uuid> due;
    while ((claim = other->claim(long_lease))) due.insert(claim->user);
    EXPECT_EQ((std::set{ann_, bob_}), due);
    outbox_->release(*held, {});
}

TEST_P(OutboxLeases, WhoHasNothingLeftIsNotDue) {
    add(ann_, 1);
    EXPECT_TRUE(send_one(*outbox_));
    EXPECT_FALSE(outbox_->claim(long_lease));
    EXPECT_FALSE(outbox_->next_due());
}

TEST_P(OutboxLeases, SeveralProcessesSendEachEntryOnceWhileOthersAddTheSame) {
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
                test::once_available([&] { outbox->add(all.subspan(k, std::min<std::size_t>(20, all.size() - k))); });
            }
            --adders;
        });
    }
    threads.emplace_back([&] {
        const auto outbox = another();
        while (adders > 0) test::once_available([&] { outbox->sweep_users(0ms, 100); });
    });
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
            const auto outbox = another();
            for (;;) {
                const bool is_last_look = adders == 0;
                std::optional<Uuid> id;
                std::size_t waiting = 0;
                test::once_available([&] { id = send_one(*outbox); });
                test::once_available([&] { waiting = outbox->totals().waiting; });
                if (!id && is_last_look && waiting == 0) return;
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

}  // namespace
}  // namespace nearline::notification
