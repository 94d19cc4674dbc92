#include "notification/notification_metrics.hpp"

namespace nearline::notification {
namespace {

Counter tries(Metrics& metrics, const char* outcome) {
    return metrics.counter(
        "nearline_notification_mails_total",
        "Tries to send a mail, by how they ended: sent; temporary (put off by the server); permanent "
        "(refused: dead letter); away (no server, nothing was said); unknown (the server's OK was "
        "lost, so it is sent again)",
        {{"outcome", outcome}});
}

Counter not_mailed(Metrics& metrics, const char* reason) {
    return metrics.counter("nearline_notification_skipped_total", "Records that nobody is mailed of, by the reason",
                           {{"reason", reason}});
}

}  // namespace

NotificationMetrics::NotificationMetrics(Metrics& metrics)
    : failures(not_mailed(metrics, "failure")),
      without_user(not_mailed(metrics, "no_user")),
      too_old(not_mailed(metrics, "too_old")),
      switched_off(not_mailed(metrics, "off")),
      unknown_user(not_mailed(metrics, "unknown_user")),
      opted_out(not_mailed(metrics, "opted_out")),
      predictions(metrics.counter("nearline_notification_predictions_total", "Predictions in mails that were sent")),
      repeats(metrics.counter("nearline_notification_repeats_total",
                              "Mails tried again after an earlier try; their Message-ID is the same")),
      dead_letters(metrics.counter("nearline_notification_dead_letters_total",
                                   "Predictions whose mail was refused for good, and which went to the dead letters")),
      lost_leases(metrics.counter("nearline_notification_lost_leases_total",
                                  "Leases that ended while a mail was sent: another sender may have sent it, too")),
      held_back(metrics.counter("nearline_notification_held_back_total",
                                "Times that --mail-limit made a user wait; what comes meanwhile goes into one mail")),
      waiting(metrics.gauge("nearline_notification_waiting", "Predictions that wait to be mailed")),
      oldest_waiting_seconds(metrics.gauge("nearline_notification_oldest_waiting_seconds",
                                           "How long the first of them has waited; 0 when there is none")),
      send_seconds(metrics.histogram("nearline_notification_send_seconds", "Time of one try to send a mail")),
      sent_(tries(metrics, "sent")),
      temporary_(tries(metrics, "temporary")),
      permanent_(tries(metrics, "permanent")),
      away_(tries(metrics, "away")),
      unknown_(tries(metrics, "unknown")) {}

Counter NotificationMetrics::tried(Sent::Outcome outcome) const {
    switch (outcome) {
        case Sent::Outcome::sent:
            return sent_;
        case Sent::Outcome::temporary:
            return temporary_;
        case Sent::Outcome::permanent:
            return permanent_;
        case Sent::Outcome::away:
            return away_;
        case Sent::Outcome::unknown:
            break;
    }
    return unknown_;
}

}  // namespace nearline::notification
