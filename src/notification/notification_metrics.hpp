#pragma once

#include "notification/mailer.hpp"
#include "runtime/metrics.hpp"

namespace nearline::notification {

/// What the mail counts and measures.
struct NotificationMetrics {
    explicit NotificationMetrics(Metrics& metrics);

    /// Tries to send a mail, by how they ended.
    Counter tried(Sent::Outcome outcome) const;

    // Predictions that nobody is mailed of, and why.
    Counter failures;      ///< it is none, but a failure
    Counter without_user;  ///< of an outside producer
    Counter too_old;
    Counter switched_off;  ///< --mail-mode off
    Counter unknown_user;  ///< or one who was removed
    Counter opted_out;

    Counter predictions;   ///< predictions in mails that were sent
    Counter repeats;       ///< mails that were tried before
    Counter dead_letters;  ///< predictions whose mail was refused for good
    Counter lost_leases;
    Counter held_back;  ///< times that the limit made a user wait
    Gauge waiting;
    Gauge oldest_waiting_seconds;
    Histogram send_seconds;

private:
    Counter sent_;
    Counter temporary_;
    Counter permanent_;
    Counter away_;
    Counter unknown_;
};

}  // namespace nearline::notification
