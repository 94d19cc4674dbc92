#pragma once

#include <chrono>
#include <cstddef>

#include "notification/outbox.hpp"

/// Which mail a user gets next, and when. Pure functions.
namespace nearline::notification {

struct MailRules {
    enum class Mode { every, digest, off };
    Mode mode = Mode::every;
    int limit = 60;  ///< mails to one user in an hour; what is above goes into one mail; 0: no limit
    std::chrono::milliseconds digest_interval = std::chrono::hours(24);  ///< after the first prediction in it
    std::size_t digest_count = 1'000;  ///< predictions after which a digest does not wait any longer
    std::size_t most_entries = 1'000;  ///< predictions in one mail; more go into the next
};

struct MailPlan {
    enum class Kind {
        nothing,  ///< nothing waits
        wait,     ///< something does, and must: see rest
        single,   ///< a mail of the oldest prediction
        digest,   ///< one mail of so many predictions
    };
    Kind kind = Kind::nothing;
    std::size_t entries = 0;
    MailCount count{};  ///< with this mail
    Outbox::Rest rest{};
};

/// So many entries have to be counted for plan_mail() to decide.
std::size_t entries_to_count(const MailRules& rules, const MailCount& count) noexcept;

/// What to do for a user with this backlog; mode off is not asked.
MailPlan plan_mail(const MailRules& rules, const MailCount& count, const Backlog& backlog) noexcept;

}  // namespace nearline::notification
