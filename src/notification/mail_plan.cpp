#include "notification/mail_plan.hpp"

#include <algorithm>

namespace nearline::notification {
namespace {

using std::chrono::milliseconds;

constexpr std::int64_t hour_ms = 3'600'000;

bool is_hour_over(const MailCount& count, std::int64_t now) noexcept {
    // A clock that went back must not hold mail for longer than an hour either.
    return now >= count.hour_began + hour_ms || now < count.hour_began;
}

MailCount with_one_more(const MailCount& count, std::int64_t now) noexcept {
    if (is_hour_over(count, now)) return {now, 1, count.is_gathering};
    return {count.hour_began, count.mails + 1, count.is_gathering};
}

MailPlan wait_until(std::int64_t then, std::int64_t now, bool is_strict, bool is_gathering) noexcept {
    return {
        MailPlan::Kind::wait, 0, {}, {milliseconds(std::max<std::int64_t>(1, then - now)), is_strict, is_gathering}};
}

}  // namespace

std::size_t entries_to_count(const MailRules& rules, const MailCount& count) noexcept {
    if (rules.mode == MailRules::Mode::digest) return std::max(rules.most_entries, rules.digest_count);
    return count.is_gathering ? rules.most_entries : 1;
}

MailPlan plan_mail(const MailRules& rules, const MailCount& count, const Backlog& backlog) noexcept {
    const std::int64_t now = backlog.now;
    if (backlog.entries == 0) return {};
    const bool is_digest = rules.mode == MailRules::Mode::digest;
    const std::int64_t digest_due = backlog.oldest + rules.digest_interval.count();
    if (is_digest && backlog.entries < rules.digest_count && now < digest_due) {
        return wait_until(digest_due, now, false, false);
    }
    if (rules.limit > 0 && !is_hour_over(count, now) && count.mails >= rules.limit) {
        return wait_until(count.hour_began + hour_ms, now, true, !is_digest);
    }
    MailPlan plan;
    plan.count = with_one_more(count, now);
    const bool is_gathered = is_digest || (count.is_gathering && backlog.entries > 1);
    plan.kind = is_gathered ? MailPlan::Kind::digest : MailPlan::Kind::single;
    plan.entries = is_gathered ? std::min(backlog.entries, rules.most_entries) : 1;
    // With a mail that is full there may be more of what was held back.
    plan.count.is_gathering = count.is_gathering && backlog.entries >= rules.most_entries;
    return plan;
}

}  // namespace nearline::notification
