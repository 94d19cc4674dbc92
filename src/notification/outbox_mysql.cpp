#include <algorithm>
#include <limits>
#include <random>
#include <utility>

#include "notification/outbox_impl.hpp"
#include "notification/outbox_mysql_rows.hpp"
#include "store/mysql.hpp"

namespace nearline::notification {
namespace {

using store::MysqlConnection;
using store::MysqlResult;
using store::MysqlRow;
using store::MysqlValue;

// Left to itself the optimizer takes the index by state where most of what waits is one user's: it then reads all that
// waits for anybody, for each mail, and locks it.
#define NEARLINE_USERS_ENTRIES "outbox_entries FORCE INDEX (outbox_entries_user)"

constexpr std::int64_t end_of_time = std::numeric_limits<std::int64_t>::max();

// A user's row is locked before the user's entries, everywhere: who adds and who sends then wait for one
// another instead of standing in each other's way.
class MysqlOutbox final : public Outbox {
public:
    explicit MysqlOutbox(store::MysqlOptions options) : pool_(std::move(options)) {}

    std::string dependency() const override { return "mysql"; }

    void prepare() override { store::migrate(pool_, outbox_component, mysql_outbox_tables()); }

    void end_leases() override {
        pool_.repeatable([](MysqlConnection& connection) {
            return connection.execute(
                "UPDATE outbox_users SET lease_token = NULL, lease_until = 0 WHERE lease_token IS NOT NULL");
        });
    }

    void end_rests() override {
        pool_.repeatable([](MysqlConnection& connection) {
            return connection.execute("UPDATE outbox_users SET not_before = 0, due_at = " NEARLINE_NOW
                                      " WHERE due_at > " NEARLINE_NOW " AND lease_until <= " NEARLINE_NOW
                                      " AND failures = 0");
        });
    }

    std::vector<Refused> add(std::span<const Entry> entries) override {
        std::vector<Refused> refused;
        pool_.transaction([&](MysqlConnection& connection) {
            refused = too_large(entries, connection.max_packet());
            if (refused.empty()) {
                add_fitting(connection, entries);
            } else {
                add_fitting(connection, without(entries, refused));
            }
        });
        return refused;
    }

    std::optional<Claim> claim(std::chrono::milliseconds lease, Whom whom) override {
        const store::MysqlPool::Lease connection(pool_);
        const MysqlResult found =
            connection->execute("SELECT user FROM outbox_users WHERE due_at <= " NEARLINE_NOW
                                " AND lease_until <= " NEARLINE_NOW " AND failures <= ? ORDER BY due_at LIMIT 16",
                                {most_failures(whom)});
        std::vector<std::string> candidates;
        for (const MysqlRow& row : found.rows) candidates.push_back(row.text(0));
        // Others look at the same ones: whoever begins elsewhere meets nobody.
        thread_local std::minstd_rand random{std::random_device{}()};
        std::shuffle(candidates.begin(), candidates.end(), random);
        const std::string token = Uuid::random().to_string();
        for (const std::string& user : candidates) {
            const bool is_ours = connection
                                     ->execute("UPDATE outbox_users SET lease_token = ?, lease_until = " NEARLINE_NOW
                                               " + ? WHERE user = ? AND due_at <= " NEARLINE_NOW
                                               " AND lease_until <= " NEARLINE_NOW " AND failures <= ?",
                                               {token, std::int64_t{lease.count()}, user, most_failures(whom)})
                                     .matched == 1;
            if (is_ours) return read_claim(*connection, user, token);
        }
        return std::nullopt;
    }

    std::optional<std::chrono::milliseconds> next_due(Whom whom) override {
        const MysqlResult found = pool_.repeatable([&](MysqlConnection& connection) {
            return connection.execute("SELECT MIN(GREATEST(due_at, lease_until)) - " NEARLINE_NOW
                                      " FROM outbox_users WHERE due_at IS NOT NULL AND failures <= ?",
                                      {most_failures(whom)});
        });
        const MysqlRow& row = found.rows.at(0);
        if (row.is_null(0)) return std::nullopt;
        return std::chrono::milliseconds(std::max<std::int64_t>(0, row.integer(0)));
    }

    Backlog backlog(const Claim& claim, std::size_t most) override {
        const MysqlResult found = pool_.repeatable([&](MysqlConnection& connection) {
            return connection.execute(
                "SELECT COUNT(*), MIN(queued_at), " NEARLINE_NOW
                ", (SELECT mail_id IS NOT NULL FROM outbox_users WHERE user = ?) FROM "
                "(SELECT queued_at FROM " NEARLINE_USERS_ENTRIES
                " WHERE user = ? AND state = 0 ORDER BY id LIMIT ?) AS oldest",
                {claim.user.to_string(), claim.user.to_string(), static_cast<std::int64_t>(most)});
        });
        const MysqlRow& row = found.rows.at(0);
        return {static_cast<std::size_t>(row.integer(0)), row.is_null(1) ? 0 : row.integer(1), row.integer(2),
                !row.is_null(3) && row.integer(3) != 0};
    }

    Composition compose(const Claim& claim, std::size_t entries, bool is_digest, const MailCount& count,
                        std::chrono::milliseconds lease) override {
        return change(claim, lease, [&](MysqlConnection& connection) {
            const std::string user = claim.user.to_string();
            if (is_digest) {
                connection.execute("UPDATE " NEARLINE_USERS_ENTRIES
                                   " SET state = 1, mail_id = ? WHERE user = ? AND state = 0 ORDER BY id LIMIT ?",
                                   {Uuid::random().to_string(), user, static_cast<std::int64_t>(entries)});
            } else {
                // A mail of one is named like its request.
                connection.execute("UPDATE " NEARLINE_USERS_ENTRIES
                                   " SET state = 1, mail_id = request_id WHERE user = ? AND state = 0 "
                                   "ORDER BY id LIMIT 1",
                                   {user});
            }
            const MysqlResult mail = connection.execute(
                "SELECT mail_id FROM " NEARLINE_USERS_ENTRIES " WHERE user = ? AND state = 1 LIMIT 1", {user});
            connection.execute(
                "UPDATE outbox_users SET mail_id = ?, mail_is_digest = ?, mail_composed_at = " NEARLINE_NOW
                ", hour_began = ?, mails = ?, is_gathering = ? WHERE user = ?",
                {mail.rows.empty() ? MysqlValue() : MysqlValue(mail.rows[0].text(0)), std::int64_t{is_digest},
                 count.hour_began, std::int64_t{count.mails}, std::int64_t{count.is_gathering}, user});
            return read_composition(connection, claim);
        });
    }

    Composition composed(const Claim& claim, std::chrono::milliseconds lease) override {
        return change(claim, lease, [&](MysqlConnection& connection) { return read_composition(connection, claim); });
    }

    void finish(const Claim& claim, End end, const std::string& words) override {
        change(claim, std::nullopt, [&](MysqlConnection& connection) {
            end_entries(connection, claim, entry_state::composed, end, words, end_of_time);
            forget_mail(connection, claim);
            return true;
        });
    }

    std::size_t skip_all(const Claim& claim, const std::string& words) override {
        return change(claim, std::nullopt, [&](MysqlConnection& connection) {
            const std::size_t skipped = skip(connection, claim, end_of_time, words);
            forget_mail(connection, claim);
            return skipped;
        });
    }

    std::size_t skip_everything(const std::string& words) override {
        std::size_t skipped = 0;
        pool_.transaction([&](MysqlConnection& connection) {
            connection.execute(
                "UPDATE outbox_users SET lease_token = NULL, lease_until = 0, due_at = NULL, not_before = 0, mail_id = "
                "NULL, failures = 0 WHERE due_at IS NOT NULL OR lease_token IS NOT NULL");
            skipped = connection
                          .execute(
                              "UPDATE outbox_entries SET state = ?, words = ?, record_key = NULL, record_value = NULL, "
                              "record_headers = NULL WHERE state IN (0, 1)",
                              {entry_state::skipped, words})
                          .matched;
        });
        return skipped;
    }

    std::size_t skip_before(const Claim& claim, std::int64_t time, const std::string& words) override {
        return change(claim, std::nullopt, [&](MysqlConnection& connection) {
            const std::size_t skipped = skip(connection, claim, time, words);
            if (skipped > 0 && read_composition(connection, claim).entries.empty()) forget_mail(connection, claim);
            return skipped;
        });
    }

    void release(const Claim& claim, const Rest& rest) override {
        const std::int64_t time = rest.time.value_or(std::chrono::milliseconds(0)).count();
        change(claim, std::nullopt, [&](MysqlConnection& connection) {
            const std::string user = claim.user.to_string();
            // Only now that the row is locked can nothing come in beside it.
            const bool is_due = rest.time || !connection
                                                  .execute("SELECT id FROM " NEARLINE_USERS_ENTRIES
                                                           " WHERE user = ? AND "
                                                           "state IN (0, 1) LIMIT 1",
                                                           {user})
                                                  .rows.empty();
            connection.execute(
                "UPDATE outbox_users SET lease_token = NULL, lease_until = 0, is_gathering = ?, "
                "not_before = IF(?, " NEARLINE_NOW " + ?, 0), due_at = IF(?, " NEARLINE_NOW
                " + ?, NULL) WHERE user = ?",
                {std::int64_t{rest.is_gathering}, std::int64_t{rest.time && rest.is_strict}, time, std::int64_t{is_due},
                 time, user});
            return true;
        });
    }

    void put_off(const Claim& claim, std::chrono::milliseconds time, const std::string& words) override {
        change(claim, std::nullopt, [&](MysqlConnection& connection) {
            const std::string user = claim.user.to_string();
            connection.execute("UPDATE " NEARLINE_USERS_ENTRIES
                               " SET attempts = attempts + 1, words = ? "
                               "WHERE user = ? AND state = 1",
                               {words, user});
            connection.execute(
                "UPDATE outbox_users SET lease_token = NULL, lease_until = 0, failures = failures + 1, "
                "not_before = " NEARLINE_NOW " + ?, due_at = " NEARLINE_NOW " + ? WHERE user = ?",
                {std::int64_t{time.count()}, std::int64_t{time.count()}, user});
            return true;
        });
    }

    std::size_t sweep(std::chrono::milliseconds keep, std::size_t most) override {
        return pool_
            .repeatable([&](MysqlConnection& connection) {
                return connection.execute("DELETE FROM outbox_entries WHERE state >= 2 AND keep_from < " NEARLINE_NOW
                                          " - ? ORDER BY keep_from LIMIT ?",
                                          {std::int64_t{keep.count()}, static_cast<std::int64_t>(most)});
            })
            .matched;
    }

    // They are found without a lock: a DELETE that looks for them would lock all on its way, and wait for who works on
    // one of them. Who has got something since is due by now, and stays.
    std::size_t sweep_users(std::chrono::milliseconds rest, std::size_t most) override {
        const std::int64_t time = rest.count();
        const MysqlResult found = pool_.repeatable([&](MysqlConnection& connection) {
            return connection.execute(
                "SELECT user FROM outbox_users WHERE due_at IS NULL AND lease_token IS NULL AND "
                "hour_began < " NEARLINE_NOW " - ? LIMIT ?",
                {time, static_cast<std::int64_t>(most)});
        });
        std::size_t removed = 0;
        for (const MysqlRow& row : found.rows) {
            removed += pool_
                           .repeatable([&](MysqlConnection& connection) {
                               return connection.execute(
                                   "DELETE FROM outbox_users WHERE user = ? AND due_at IS NULL AND lease_token IS NULL "
                                   "AND hour_began < " NEARLINE_NOW " - ?",
                                   {row.text(0), time});
                           })
                           .matched;
        }
        return removed;
    }

    Totals totals() override {
        const MysqlResult found = pool_.repeatable([](MysqlConnection& connection) {
            return connection.execute("SELECT COUNT(*), " NEARLINE_NOW
                                      " - MIN(queued_at) FROM outbox_entries WHERE state IN (0, 1)");
        });
        const MysqlRow& row = found.rows.at(0);
        Totals totals{static_cast<std::size_t>(row.integer(0))};
        if (!row.is_null(1)) totals.oldest_age = std::chrono::milliseconds(std::max<std::int64_t>(0, row.integer(1)));
        return totals;
    }

private:
    static std::vector<Entry> without(std::span<const Entry> entries, std::span<const Refused> refused) {
        std::vector<Entry> kept;
        for (std::size_t i = 0; i < entries.size(); ++i) {
            if (!refused.empty() && refused.front().index == i) {
                refused = refused.subspan(1);
            } else {
                kept.push_back(entries[i]);
            }
        }
        return kept;
    }

    static void add_fitting(MysqlConnection& connection, std::span<const Entry> entries) {
        for (const Uuid& user : users_of(entries)) {
            connection.execute(
                "INSERT INTO outbox_users (user, due_at) VALUES (?, " NEARLINE_NOW
                ") ON DUPLICATE KEY UPDATE due_at = GREATEST(not_before, LEAST(COALESCE(due_at, " NEARLINE_NOW
                "), " NEARLINE_NOW "))",
                {user.to_string()});
        }
        insert_entries(connection, entries);
        for (const Entry& entry : entries) {
            if (entry.is_retried) revive(connection, entry);
        }
    }

    // Runs the work in a transaction that holds the user's row, if the lease is still the claim's; renews
    // it where there is a `lease`.
    template <class Work>
    std::invoke_result_t<Work&, MysqlConnection&> change(const Claim& claim,
                                                         std::optional<std::chrono::milliseconds> lease, Work work) {
        std::optional<std::invoke_result_t<Work&, MysqlConnection&>> result;
        pool_.transaction([&](MysqlConnection& connection) {
            const MysqlResult held = connection.execute(
                "UPDATE outbox_users SET lease_until = IF(?, " NEARLINE_NOW
                " + ?, lease_until) WHERE user = ? AND lease_token = ?",
                {std::int64_t{lease.has_value()}, std::int64_t{lease.value_or(std::chrono::milliseconds(0)).count()},
                 claim.user.to_string(), claim.token});
            if (held.matched == 0) throw LeaseLost();
            result = work(connection);
        });
        return *std::move(result);
    }

    // Read twice, the same record revives nothing twice. What is revived is as old as its coming back: how long it is
    // tried is counted from there.
    static void revive(MysqlConnection& connection, const Entry& entry) {
        const auto& record = entry.record;
        connection.execute(
            "UPDATE outbox_entries SET state = 0, queued_at = " NEARLINE_NOW
            ", keep_from = GREATEST(keep_from, " NEARLINE_NOW "), record_time = GREATEST(" NEARLINE_NOW
            ", ?), attempts = 0, mail_id = NULL, words = NULL, topic = ?, partition_number = ?, record_offset = ?, "
            "record_key = ?, record_value = ?, record_headers = ? WHERE request_id = ? AND outcome = ? AND state = 4 "
            "AND NOT (topic = ? AND partition_number = ? AND record_offset = ?)",
            {record.timestamp, record.at.topic, std::int64_t{record.at.partition}, record.offset, to_value(record.key),
             to_value(record.value), headers_value(entry), entry.request_id.to_string(), outcome_prediction,
             record.at.topic, std::int64_t{record.at.partition}, record.offset});
    }

    static Claim read_claim(MysqlConnection& connection, const std::string& user, const std::string& token) {
        const MysqlResult found = connection.execute(
            "SELECT hour_began, mails, is_gathering, failures FROM outbox_users WHERE user = ?", {user});
        const MysqlRow& row = found.rows.at(0);
        return {id_of(user),
                token,
                {row.integer(0), static_cast<int>(row.integer(1)), row.integer(2) != 0},
                static_cast<int>(row.integer(3))};
    }

    static std::size_t end_entries(MysqlConnection& connection, const Claim& claim, std::int64_t state, End end,
                                   const std::string& words, std::int64_t before) {
        return connection
            .execute("UPDATE " NEARLINE_USERS_ENTRIES
                     " SET state = ?, words = ?, record_key = NULL, record_value = NULL, "
                     "record_headers = NULL WHERE user = ? AND state = ? AND record_time < ?",
                     {to_state(end), words, claim.user.to_string(), state, before})
            .matched;
    }

    // Of what waits and what is composed, the records from before `before`.
    static std::size_t skip(MysqlConnection& connection, const Claim& claim, std::int64_t before,
                            const std::string& words) {
        return end_entries(connection, claim, entry_state::waiting, End::skipped, words, before) +
               end_entries(connection, claim, entry_state::composed, End::skipped, words, before);
    }

    static void forget_mail(MysqlConnection& connection, const Claim& claim) {
        connection.execute("UPDATE outbox_users SET mail_id = NULL, failures = 0 WHERE user = ?",
                           {claim.user.to_string()});
    }

    static Composition read_composition(MysqlConnection& connection, const Claim& claim) {
        const std::string user = claim.user.to_string();
        const MysqlResult mail = connection.execute(
            "SELECT mail_id, mail_is_digest, mail_composed_at FROM outbox_users WHERE user = ?", {user});
        Composition composition;
        if (!mail.rows.empty() && !mail.rows[0].is_null(0)) {
            composition.id = mail.rows[0].text(0);
            composition.is_digest = mail.rows[0].integer(1) != 0;
            composition.composed_at = mail.rows[0].integer(2);
        }
        const MysqlResult rows = connection.execute(
            "SELECT request_id, topic, partition_number, record_offset, record_time, record_key, record_value, "
            "record_headers, attempts FROM " NEARLINE_USERS_ENTRIES " WHERE user = ? AND state = 1 ORDER BY id",
            {user});
        for (const MysqlRow& row : rows.rows) {
            composition.entries.push_back(read_entry(row, claim.user));
            composition.attempts = static_cast<int>(row.integer(8));
        }
        return composition;
    }

    store::MysqlPool pool_;
};

}  // namespace

std::unique_ptr<Outbox> make_mysql_outbox(store::MysqlOptions options) {
    options.read_committed = true;
    options.max_connections = 40;  // made when needed: one for each sender, and two
    return std::make_unique<MysqlOutbox>(std::move(options));
}

}  // namespace nearline::notification
