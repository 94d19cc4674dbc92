#include <algorithm>
#include <gtest/gtest.h>
#include <map>
#include <rapidcheck.h>
#include <set>
#include <vector>

#include "unit/gateway/pending_fixture.hpp"

namespace nearline::gateway {
namespace {

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
