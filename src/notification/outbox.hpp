#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "domain/uuid.hpp"
#include "stream/record.hpp"

namespace nearline::notification {

/// A prediction that somebody is to be told of.
struct Entry {
    Uuid request_id;
    Uuid user;
    /// As it was on the topic: what a dead letter would be made of. Its time is time_of().
    stream::ConsumedRecord record{};
    /// It came back from the dead letters: where it is dead in the outbox, it is mailed after all.
    bool is_retried = false;
};

/// A mail whose contents are settled: what is sent again is this again.
struct Composition {
    std::string id{};              ///< of the mail; of a mail with a single prediction its request id
    bool is_digest = false;        ///< several predictions, or one that stands where several could
    std::int64_t composed_at = 0;  ///< ms since 1970-01-01 UTC
    int attempts = 0;              ///< to send it, before this one
    std::vector<Entry> entries{};
};

/// How many mails a user was sent lately: what the limit is counted by.
struct MailCount {
    std::int64_t hour_began = 0;  ///< ms since 1970-01-01 UTC
    int mails = 0;                ///< composed since
    bool is_gathering = false;    ///< the limit was reached: what waits goes into one mail
    friend bool operator==(const MailCount&, const MailCount&) = default;
};

/// What waits for a user and is in no mail yet.
struct Backlog {
    std::size_t entries = 0;       ///< no more than were asked for
    std::int64_t oldest = 0;       ///< when the first of them came, ms since 1970-01-01 UTC
    std::int64_t now = 0;          ///< the database's clock, ms since 1970-01-01 UTC
    bool has_composition = false;  ///< a mail was composed before and has not ended
    friend bool operator==(const Backlog&, const Backlog&) = default;
};

/// A user's mail, leased to one sender.
struct Claim {
    Uuid user;
    std::string token;  ///< of the lease
    MailCount count{};
    int failures = 0;  ///< times in a row that the mail server put this user off
};

/// The lease of a claim is over, and perhaps somebody else's: nothing was changed.
class LeaseLost : public std::exception {
public:
    const char* what() const noexcept override { return "the lease of a user's mail is over"; }
};

/// What is to be mailed, kept until long after it was, so that nothing is mailed twice. Several processes
/// work on one outbox. Users are leased, not entries: so one sender at a time decides on a user's order of
/// mails, limit and digest, and a user whose mail fails holds nobody else up.
///
/// Implementations are thread-safe and block; they throw Unavailable when the database can't answer. Times
/// of leases and waits are the database's.
class Outbox {
public:
    virtual ~Outbox() = default;

    /// What /readyz calls it: "mysql", "users database".
    virtual std::string dependency() const = 0;

    /// Makes and migrates the tables; before anything else, and again after it threw Unavailable. Throws
    /// std::runtime_error where waiting can't help.
    virtual void prepare() = 0;

    /// Ends all leases, whoever has them. For who knows that nobody else works on this outbox, before its first
    /// claim(): what has a lease then was left by a process that died.
    virtual void end_leases() = 0;

    /// Makes due at once whoever waits by the rules of who released them (limit, digest), and is nobody's at the
    /// moment: for who may have other rules. Whom the mail server put off waits on.
    virtual void end_rests() = 0;

    struct Refused {
        std::size_t index;   ///< of the entry
        std::string reason;  ///< for people
    };
    /// Takes entries in, all or none; one whose request id is there already makes no difference. Gives those that the
    /// database will never take, whatever else is in it; they are left out.
    virtual std::vector<Refused> add(std::span<const Entry> entries) = 0;

    enum class Whom {
        anyone,
        without_failures,  ///< whom the mail server did not put off at the last try
    };
    /// A user with mail that is due and nobody's at the moment, for so long; nothing when there is none.
    virtual std::optional<Claim> claim(std::chrono::milliseconds lease, Whom whom = Whom::anyone) = 0;
    /// When claim() may find something next without an add(): 0 for now; nothing: not before an add().
    virtual std::optional<std::chrono::milliseconds> next_due(Whom whom = Whom::anyone) = 0;

    /// Counts no more than `most`.
    virtual Backlog backlog(const Claim& claim, std::size_t most) = 0;

    /// Ends all that waits for anybody, leased or not, as skip_all() does for one; gives how many entries. For who
    /// mails nothing any more.
    virtual std::size_t skip_everything(const std::string& words) = 0;

    // These throw LeaseLost.

    /// Settles a mail of the user's oldest `entries` entries, and renews the lease. `count` is what the
    /// count is with it. Where a mail was composed before and has not ended, there must be no other.
    virtual Composition compose(const Claim& claim, std::size_t entries, bool is_digest, const MailCount& count,
                                std::chrono::milliseconds lease) = 0;
    /// The mail that was composed before, and renews the lease.
    virtual Composition composed(const Claim& claim, std::chrono::milliseconds lease) = 0;

    enum class End { sent, skipped, dead };
    /// The composed mail has ended so: its entries are kept without their records. `words`: why, for people.
    virtual void finish(const Claim& claim, End end, const std::string& words) = 0;
    /// As finish(), of all that waits for the user; gives how many entries.
    virtual std::size_t skip_all(const Claim& claim, const std::string& words) = 0;
    /// As skip_all(), of those whose record is from before `time` (ms since 1970-01-01 UTC, by the record's own time),
    /// also out of a mail that was composed: what is left of it keeps its id.
    virtual std::size_t skip_before(const Claim& claim, std::int64_t time, const std::string& words) = 0;

    /// When a user whose lease ends is looked at next.
    struct Rest {
        /// Nothing: at once if there is something, else when something comes.
        std::optional<std::chrono::milliseconds> time{};
        bool is_strict = false;  ///< not before that, also when something comes
        bool is_gathering = false;
    };
    virtual void release(const Claim& claim, const Rest& rest) = 0;
    /// Ends the lease after the mail server put the composed mail off, for so long.
    virtual void put_off(const Claim& claim, std::chrono::milliseconds time, const std::string& words) = 0;

    /// Forgets at most `most` entries that ended and whose record, and whose coming here, is older than
    /// `keep`; gives how many.
    virtual std::size_t sweep(std::chrono::milliseconds keep, std::size_t most) = 0;

    /// Forgets at most `most` users for whom nothing waits and who were sent nothing for so long; gives how many.
    /// `rest`: no less than the hour that MailCount is about.
    virtual std::size_t sweep_users(std::chrono::milliseconds rest, std::size_t most) = 0;

    struct Totals {
        std::size_t waiting = 0;                 ///< entries that have not ended
        std::chrono::milliseconds oldest_age{};  ///< of the first of them; 0 when there is none
    };
    virtual Totals totals() = 0;
};

/// The outbox in the users' database: sqlite:FILE or mysql://user@host:3306/db. Connects to nothing yet.
/// Throws std::invalid_argument for another URL. `mysql_password`: MYSQL_PASSWORD.
std::unique_ptr<Outbox> make_outbox(const std::string& url, const std::string& mysql_password);

}  // namespace nearline::notification
