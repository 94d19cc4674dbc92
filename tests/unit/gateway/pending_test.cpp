#include <gtest/gtest.h>
#include <map>

#include "unit/gateway/pending_fixture.hpp"

namespace nearline::gateway {
namespace {

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

AnswerPtr answer_to_other_body(int status) {
    Answer answer = *answer_to(1);
    answer.body_digest = "another";
    answer.status = status;
    return std::make_shared<const Answer>(answer);
}

TEST_F(Pending, AFailureOfAnotherBodyIsNobodysHere) {
    ask();
    EXPECT_FALSE(pending.answered(answer_to_other_body(422)));
    EXPECT_TRUE(nothing_ended());
    EXPECT_TRUE(pending.answered(answer_to(1)));
    EXPECT_EQ(only_ending().kind, Kind::answered);
}

TEST_F(Pending, APredictionOfAnotherBodyEndsTheWait) {
    ask();
    EXPECT_TRUE(pending.answered(answer_to_other_body(200)));
    EXPECT_TRUE(is_of_other_body(*only_ending().answer, question.body_digest));
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

}  // namespace
}  // namespace nearline::gateway
