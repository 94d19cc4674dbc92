#pragma once

#include <memory>
#include <string>

#include "domain/address_book.hpp"
#include "domain/rejection.hpp"
#include "notification/dead_letters.hpp"
#include "notification/failing_slots.hpp"
#include "notification/mail_plan.hpp"
#include "notification/mailer.hpp"
#include "notification/notification_metrics.hpp"
#include "notification/outbox.hpp"
#include "notification/templates.hpp"
#include "runtime/backoff.hpp"
#include "runtime/health.hpp"
#include "runtime/log.hpp"
#include "runtime/stop.hpp"
#include "schema/json_schema.hpp"

namespace nearline::notification {

struct CourierOptions {
    MailRules rules{};
    Mailbox from{};
    /// Renewed before each mail, so it must be longer than a mailer's time-out.
    std::chrono::milliseconds lease{60'000};
    /// Between tries for a user whom the mail server puts off.
    Backoff::Options retry{.first = std::chrono::seconds(10), .most = std::chrono::hours(1)};
    /// A mail that is put off is given up when its predictions are older than that, and after so many tries in a row:
    /// a server that was away for longer has seen it once.
    std::chrono::milliseconds give_up = std::chrono::hours(8 * 24);
    int least_tries = 5;
    int mails_in_turn = 20;                    ///< to one user, before it is others' turn
    std::string stream_dependency = "stream";  ///< its name in Health
};

/// One sender: takes a user whose mail is due, and sends what there is. For one thread.
class Courier {
public:
    struct Parts {
        Outbox& outbox;
        AddressBook& addresses;
        const Templates& templates;
        DeadLetters& dead_letters;
        const schema::JsonSchema& schema;  ///< the output topic's
        const NotificationMetrics& metrics;
        Health& health;
        FailingSlots& failing;
    };
    /// What `parts` names must outlive it.
    Courier(const Parts& parts, CourierOptions options, std::unique_ptr<Mailer> mailer);

    enum class Turn {
        nothing_due,
        nothing_sent,  ///< a user was due, and must wait, or gets no mail
        worked,
        server_away,  ///< nothing can be sent to anybody: try again after a while
    };
    /// Works for one user, until nothing is due or `stop` is requested. Throws Unavailable where a database
    /// can't answer: what was begun is done again when its lease has ended.
    Turn work(const StopToken& stop);

    /// Any thread, and for good: lets a mail that is being sent end soon, and what waits to note that one was.
    void cancel() noexcept;

private:
    enum class Next { go_on, released, server_away };

    Turn serve(Claim& claim, const StopToken& stop);
    bool is_skipped(const Claim& claim, const std::optional<AddressBook::Recipient>& recipient);
    void skip_from_before(const Claim& claim, const AddressBook::Recipient& recipient);
    std::optional<Composition> next_mail(Claim& claim);
    void say_held_back(const Claim& claim, const Outbox::Rest& rest);
    Sent send(const Composition& mail, const std::string& address);
    void note_sent(const Claim& claim);
    Next settle(const Claim& claim, const Composition& mail, Sent sent, const StopToken& stop);
    Next bury(const Claim& claim, const Composition& mail, const Rejection& reason);
    void put_off(const Claim& claim, const std::string& words);
    bool is_given_up(const Claim& claim, const Composition& mail) const;

    const Parts parts_;
    const CourierOptions options_;
    const std::unique_ptr<Mailer> mailer_;
    StopToken cut_off_;
    log::Throttle letter_log_{1.0};
};

}  // namespace nearline::notification
