#include "gateway/pending.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <map>
#include <rapidcheck.h>
#include <set>

namespace nearline::gateway {
namespace {

using namespace std::chrono_literals;
using Admission = PendingAnswers::Admission;
using Kind = Ending::Kind;
using Outcome = stream::Delivery::Outcome;

constexpr SteadyTime start{};

Uuid id_of(std::uint8_t n) {
    std::array<std::uint8_t, 16> bytes{};
    bytes[15] = n;
    return Uuid(bytes);
}

AnswerPtr answer_to(std::uint8_t n) {
    Answer answer;
    answer.id = id_of(n);
    answer.json = "{}";
    return std::make_shared<const Answer>(answer);
}

stream::Delivery delivery(Outcome outcome, std::string reason = "") {
    stream::Delivery delivery;
    delivery.outcome = outcome;
    delivery.reason = std::move(reason);
    return delivery;
}

const PendingAnswers::Question question{id_of(1), id_of(100), "digest"};

Patience until(SteadyTime time) {
    return {time, time, true};
}
const Patience five_seconds = until(start + 5s);
const Patience only_stored{start, start + 5s, false};

class Pending : public testing::Test {
protected:
    PendingAnswers::Admitted ask(const Patience& patience = five_seconds, SteadyTime now = start) {
        return pending.admit(question, patience, 3, now);
    }
    /// The endings since the last call, of which there has to be one.
    Ending only_ending() {
        effects = pending.take();
        EXPECT_EQ(effects.endings.size(), 1U);
        return effects.endings.empty() ? Ending{} : effects.endings.front();
    }
    bool nothing_ended() {
        effects = pending.take();
        return effects.endings.empty();
    }

    PendingAnswers pending{{.max_callers = 3, .max_late = 2, .late_time = 60s}};
    PendingAnswers::Effects effects;
};

TEST_F(Pending, AnswerAfterDeliveryGoesToTheCaller) {
    const auto asked = ask();
    EXPECT_EQ(asked.admission, Admission::opened);
    EXPECT_EQ(asked.partition, 3);
    pending.delivered(question.id, asked.attempt, delivery(Outcome::stored), start + 1ms);
    EXPECT_TRUE(nothing_ended());
    const auto answer = answer_to(1);
    EXPECT_TRUE(pending.answered(answer));
    const auto ending = only_ending();
    EXPECT_EQ(ending.caller, asked.caller);
    EXPECT_EQ(ending.kind, Kind::answered);
    EXPECT_EQ(ending.answer, answer);
    EXPECT_EQ(effects.released, std::vector{3});
    EXPECT_EQ(pending.callers(), 0U);
    EXPECT_FALSE(pending.find(question.id));
}

TEST_F(Pending, AnswerMayComeBeforeTheDeliveryReport) {
    const auto asked = ask();
    pending.answered(answer_to(1));
    EXPECT_EQ(only_ending().kind, Kind::answered);
    pending.delivered(question.id, asked.attempt, delivery(Outcome::stored), start + 1ms);
    EXPECT_TRUE(nothing_ended());
    EXPECT_EQ(pending.late(), 0U);
}

TEST_F(Pending, UnknownAnswersAndReportsAreIgnored) {
    EXPECT_FALSE(pending.answered(answer_to(9)));
    pending.delivered(id_of(9), 1, delivery(Outcome::rejected), start);
    EXPECT_TRUE(nothing_ended());
}

TEST_F(Pending, TimeOutWhileAcknowledgedIsAcceptedAndTheAnswerStillAwaited) {
    const auto asked = ask();
    pending.delivered(question.id, asked.attempt, delivery(Outcome::stored), start + 1ms);
    pending.expire(start + 5s - 1ms);
    EXPECT_TRUE(nothing_ended());
    pending.expire(start + 5s);
    EXPECT_EQ(only_ending().kind, Kind::accepted);
    EXPECT_TRUE(effects.released.empty());
    EXPECT_EQ(pending.late(), 1U);
    EXPECT_TRUE(pending.find(question.id)->acknowledged);

    EXPECT_TRUE(pending.answered(answer_to(1)));
    EXPECT_TRUE(nothing_ended());
    EXPECT_EQ(effects.released, std::vector{3});
    EXPECT_EQ(pending.late(), 0U);
}

TEST_F(Pending, TimeOutWithoutReportIsUnknown) {
    const auto asked = ask();
    pending.expire(start + 5s);
    EXPECT_EQ(only_ending().kind, Kind::unknown);
    // It was stored after all.
    pending.delivered(question.id, asked.attempt, delivery(Outcome::stored), start + 6s);
    EXPECT_TRUE(nothing_ended());
    EXPECT_TRUE(pending.find(question.id)->acknowledged);
    EXPECT_TRUE(pending.answered(answer_to(1)));
}

TEST_F(Pending, RejectedSaysWhyAndIsForgotten) {
    const auto asked = ask();
    auto report = delivery(Outcome::rejected, "queue full");
    report.too_large = true;
    pending.delivered(question.id, asked.attempt, report, start + 1ms);
    const auto ending = only_ending();
    EXPECT_EQ(ending.kind, Kind::rejected);
    EXPECT_EQ(ending.reason, "queue full");
    EXPECT_TRUE(ending.too_large);
    EXPECT_EQ(effects.released, std::vector{3});
    EXPECT_FALSE(pending.find(question.id));
}

TEST_F(Pending, RejectedAfterTheTimeOutIsForgottenToo) {
    const auto asked = ask();
    pending.expire(start + 5s);
    pending.take();
    pending.delivered(question.id, asked.attempt, delivery(Outcome::rejected), start + 6s);
    EXPECT_TRUE(nothing_ended());
    EXPECT_EQ(effects.released, std::vector{3});
    EXPECT_EQ(pending.late(), 0U);
}

TEST_F(Pending, UnknownDeliveryLeavesTimeForTheAnswerThatProvesIt) {
    const auto asked = ask();
    pending.delivered(question.id, asked.attempt, delivery(Outcome::unknown, "timed out"), start + 4s);
    EXPECT_TRUE(nothing_ended());
    pending.answered(answer_to(1));
    EXPECT_EQ(only_ending().kind, Kind::answered);
}

TEST_F(Pending, UnknownDeliveryWithoutAnswerIsUnknownAtTheDeadline) {
    const auto asked = ask();
    pending.delivered(question.id, asked.attempt, delivery(Outcome::unknown, "timed out"), start + 4s);
    pending.expire(start + 5s);
    const auto ending = only_ending();
    EXPECT_EQ(ending.kind, Kind::unknown);
    EXPECT_EQ(ending.reason, "timed out");
}

TEST_F(Pending, WhoWantsNoAnswerIsToldWhenItIsStored) {
    const auto asked = ask(only_stored);
    EXPECT_EQ(pending.waiting_for_acknowledgement(), 1U);
    pending.delivered(question.id, asked.attempt, delivery(Outcome::stored), start + 1ms);
    EXPECT_EQ(only_ending().kind, Kind::accepted);
    EXPECT_EQ(pending.waiting_for_acknowledgement(), 0U);
    EXPECT_EQ(pending.late(), 1U);
}

TEST_F(Pending, WhoWantsNoAnswerIsToldUnknownAtOnce) {
    const auto asked = ask(only_stored);
    pending.delivered(question.id, asked.attempt, delivery(Outcome::unknown), start + 4s);
    EXPECT_EQ(only_ending().kind, Kind::unknown);
}

TEST_F(Pending, AnAnswerProvesThatItWasStored) {
    ask(only_stored);
    pending.answered(answer_to(1));
    EXPECT_EQ(only_ending().kind, Kind::accepted);
}

TEST_F(Pending, AShortWaitGoesOnUntilItIsStored) {
    const auto asked = ask({start + 1s, start + 5s, true});
    EXPECT_EQ(pending.waiting_for_acknowledgement(), 0U);
    EXPECT_EQ(pending.next_deadline(), start + 1s);
    pending.expire(start + 1s);
    EXPECT_TRUE(nothing_ended());
    EXPECT_EQ(pending.waiting_for_acknowledgement(), 1U);
    EXPECT_EQ(pending.next_deadline(), start + 5s);
    pending.delivered(question.id, asked.attempt, delivery(Outcome::stored), start + 2s);
    EXPECT_EQ(only_ending().kind, Kind::accepted);
}

TEST_F(Pending, RepeatsJoinAndAllAreAnswered) {
    const auto first = ask();
    const auto second = ask(five_seconds, start + 1s);
    EXPECT_EQ(second.admission, Admission::joined);
    EXPECT_NE(first.caller, second.caller);
    pending.answered(answer_to(1));
    effects = pending.take();
    ASSERT_EQ(effects.endings.size(), 2U);
    EXPECT_EQ(effects.endings[0].kind, Kind::answered);
    EXPECT_EQ(effects.endings[1].kind, Kind::answered);
    EXPECT_EQ(effects.released, std::vector{3}) << "one request, one release";
}

TEST_F(Pending, ARepeatOfWhatIsStoredMayEndAtOnce) {
    const auto first = ask();
    pending.delivered(question.id, first.attempt, delivery(Outcome::stored), start + 1ms);
    const auto second = ask(only_stored, start + 2ms);
    EXPECT_EQ(second.admission, Admission::joined);
    const auto ending = only_ending();
    EXPECT_EQ(ending.caller, second.caller);
    EXPECT_EQ(ending.kind, Kind::accepted);
}

TEST_F(Pending, ARepeatTakesALateOneBack) {
    const auto first = ask();
    pending.delivered(question.id, first.attempt, delivery(Outcome::stored), start + 1ms);
    pending.expire(start + 5s);
    EXPECT_EQ(pending.late(), 1U);
    ask(until(start + 20s), start + 10s);
    EXPECT_EQ(pending.late(), 0U);
    pending.take();
    pending.answered(answer_to(1));
    EXPECT_EQ(only_ending().kind, Kind::answered);
}

TEST_F(Pending, TheSameIdWithAnotherBodyIsRefused) {
    ask();
    EXPECT_EQ(pending.admit({id_of(1), id_of(100), "other"}, five_seconds, 3, start).admission, Admission::other_body);
    EXPECT_EQ(pending.callers(), 1U);
}

TEST_F(Pending, ARepeatOfWhatNobodyKnowsIsProducedAgain) {
    const auto first = ask();
    pending.delivered(question.id, first.attempt, delivery(Outcome::unknown), start + 4s);
    pending.expire(start + 5s);
    pending.take();
    const auto second = ask(until(start + 11s), start + 6s);
    EXPECT_EQ(second.admission, Admission::again);
    EXPECT_EQ(second.partition, 3) << "where the answer to the first may still come";
    EXPECT_NE(second.attempt, first.attempt);
    pending.delivered(question.id, first.attempt, delivery(Outcome::rejected), start + 7s);
    EXPECT_TRUE(nothing_ended()) << "a report of another attempt";
    pending.delivered(question.id, second.attempt, delivery(Outcome::rejected, "no"), start + 7s);
    EXPECT_TRUE(nothing_ended()) << "the first may have been stored";
    pending.expire(start + 11s);
    EXPECT_EQ(only_ending().kind, Kind::unknown);
    EXPECT_TRUE(pending.answered(answer_to(1)));
}

TEST_F(Pending, AReportForOneThatWasForgottenMeansNothingToItsRepeat) {
    const auto first = ask();
    pending.expire(start + 5s);
    pending.expire(start + 65s);
    EXPECT_FALSE(pending.find(question.id));
    const auto second = ask(until(start + 75s), start + 70s);
    EXPECT_EQ(second.admission, Admission::opened);
    pending.take();
    pending.delivered(question.id, first.attempt, delivery(Outcome::rejected), start + 71s);
    EXPECT_TRUE(nothing_ended());
    EXPECT_TRUE(pending.find(question.id));
}

TEST_F(Pending, IsBounded) {
    for (std::uint8_t n = 1; n <= 3; ++n) pending.admit({id_of(n), {}, ""}, five_seconds, 0, start);
    EXPECT_EQ(pending.admit({id_of(4), {}, ""}, five_seconds, 0, start).admission, Admission::full);
    EXPECT_EQ(pending.admit({id_of(1), {}, ""}, five_seconds, 0, start).admission, Admission::full);
    pending.expire(start + 5s);
    EXPECT_EQ(pending.late(), 2U) << "the oldest went";
    EXPECT_FALSE(pending.find(id_of(1)));
    EXPECT_EQ(pending.take().released.size(), 1U);
    EXPECT_EQ(pending.next_deadline(), start + 65s);
    pending.expire(start + 65s);
    EXPECT_EQ(pending.late(), 0U);
    EXPECT_EQ(pending.take().released.size(), 2U);
    EXPECT_FALSE(pending.next_deadline());
}

TEST_F(Pending, NeedsAPartitionOnlyForWhatIsNew) {
    EXPECT_EQ(pending.admit(question, five_seconds, {}, start).admission, Admission::no_partition);
    ask();
    EXPECT_EQ(pending.admit(question, five_seconds, {}, start).admission, Admission::joined);
}

TEST_F(Pending, CutShortensAllWaits) {
    const auto stored = ask();
    pending.delivered(question.id, stored.attempt, delivery(Outcome::stored), start);
    const auto other = pending.admit({id_of(2), {}, ""}, {start + 1s, start + 9s, true}, 0, start);
    pending.expire(start + 1s);
    pending.cut(start + 2s);
    EXPECT_EQ(pending.next_deadline(), start + 2s);
    const auto after = pending.admit({id_of(3), {}, ""}, five_seconds, 0, start + 1500ms);
    pending.expire(start + 2s);
    std::map<CallerId, Kind> endings;
    for (const auto& ending : pending.take().endings) endings[ending.caller] = ending.kind;
    EXPECT_EQ(endings.size(), 3U);
    EXPECT_EQ(endings[stored.caller], Kind::accepted);
    EXPECT_EQ(endings[other.caller], Kind::unknown);
    EXPECT_EQ(endings[after.caller], Kind::unknown);
}

TEST_F(Pending, EndAllLeavesNothing) {
    const auto asked = ask();
    pending.delivered(question.id, asked.attempt, delivery(Outcome::stored), start);
    pending.end_all();
    EXPECT_EQ(only_ending().kind, Kind::accepted);
    EXPECT_EQ(effects.released, std::vector{3});
    EXPECT_FALSE(pending.next_deadline());
}

/// Whatever happens, in whatever order: each caller ends once, not after its last deadline, never answered
/// without an answer, never accepted without proof that the record is stored, and each partition is released
/// as often as it was taken.
TEST(PendingProperties, EveryCallerEndsExactlyOnce) {
    const bool holds = rc::check([] {
        PendingAnswers pending({.max_callers = 6, .max_late = 4, .late_time = 30s});
        struct Asked {
            Uuid id;
            SteadyTime last;
        };
        std::map<CallerId, Asked> waiting;
        std::set<CallerId> ended;
        std::map<int, int> taken;
        std::map<Uuid, std::vector<std::uint64_t>> outstanding;  // attempts without a report
        std::set<Uuid> proven;                                   // stored or answered, since it was opened last
        SteadyTime now = start;

        const auto settle = [&] {
            const auto effects = pending.take();
            for (const auto& ending : effects.endings) {
                RC_ASSERT(waiting.contains(ending.caller));
                RC_ASSERT(ended.insert(ending.caller).second);
                const auto& asked = waiting.at(ending.caller);
                if (ending.kind == Kind::answered) RC_ASSERT(ending.answer && ending.answer->id == asked.id);
                if (ending.kind == Kind::accepted) RC_ASSERT(proven.contains(asked.id));
                waiting.erase(ending.caller);
            }
            for (const int partition : effects.released) RC_ASSERT(--taken[partition] >= 0);
            for (const auto& [caller, asked] : waiting) RC_ASSERT(asked.last > now);
            RC_ASSERT(pending.callers() == waiting.size());
        };

        const int steps = *rc::gen::inRange(1, 120);
        for (int step = 0; step < steps; ++step) {
            const Uuid id = id_of(static_cast<std::uint8_t>(*rc::gen::inRange(1, 6)));
            switch (*rc::gen::inRange(0, 5)) {
                case 0: {
                    const auto answer_by = now + std::chrono::seconds(*rc::gen::inRange(1, 10));
                    const Patience patience{answer_by, answer_by + std::chrono::seconds(*rc::gen::inRange(0, 5)),
                                            *rc::gen::inRange(0, 2) == 0};
                    const int partition = *rc::gen::inRange(0, 3);
                    const auto asked = pending.admit({id, {}, "d"}, patience, partition, now);
                    if (asked.admission == Admission::full) break;
                    waiting[asked.caller] = {id, patience.acknowledged_by};
                    if (asked.admission == Admission::opened) {
                        ++taken[partition];
                        proven.erase(id);
                    }
                    if (asked.admission != Admission::joined) outstanding[id].push_back(asked.attempt);
                    break;
                }
                case 1:
                case 2: {
                    auto& attempts = outstanding[id];
                    if (attempts.empty()) break;
                    const auto attempt = attempts.back();
                    attempts.pop_back();
                    const auto outcome = static_cast<Outcome>(*rc::gen::inRange(0, 3));
                    if (outcome == Outcome::stored) proven.insert(id);
                    pending.delivered(id, attempt, delivery(outcome), now);
                    break;
                }
                case 3:
                    proven.insert(id);
                    pending.answered(answer_to(id.bytes()[15]));
                    break;
                case 4:
                    now += std::chrono::seconds(*rc::gen::inRange(0, 20));
                    pending.expire(now);
                    break;
            }
            settle();
        }
        now += 100s;
        pending.expire(now);
        settle();
        RC_ASSERT(waiting.empty());
        now += 100s;
        pending.expire(now);
        settle();
        RC_ASSERT(std::all_of(taken.begin(), taken.end(), [](const auto& count) { return count.second == 0; }));
        RC_ASSERT(pending.waiting_for_acknowledgement() == 0U);
        RC_ASSERT(!pending.next_deadline());
    });
    EXPECT_TRUE(holds);
}

}  // namespace
}  // namespace nearline::gateway
