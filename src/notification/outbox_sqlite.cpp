#include <SQLiteCpp/SQLiteCpp.h>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "domain/problem.hpp"
#include "domain/time.hpp"
#include "notification/outbox_impl.hpp"
#include "notification/outbox_sqlite_rows.hpp"
#include "store/shared_sqlite.hpp"

/// The entries of a user that have not ended, found by their index. SQLite takes it only where its condition stands
/// in the statement word for word, "state < 2" beside "state = 0"; it read all entries that are kept otherwise, for
/// each mail. INDEXED BY makes a statement that can't take it an error.
#define NEARLINE_WAITING "outbox_entries INDEXED BY outbox_entries_waiting"
/// What is left of an entry that has ended.
#define NEARLINE_END "SET state = ?, words = ?, record_key = NULL, record_value = NULL, record_headers = NULL"

namespace nearline::notification {
namespace {

// One connection of its own, one mutex; other processes, and the users' own connection, are kept away by
// BEGIN IMMEDIATE.
class SqliteOutbox final : public Outbox {
public:
    explicit SqliteOutbox(std::string path) : database_(std::move(path)) {}

    std::string dependency() const override { return "users database"; }

    void prepare() override {
        database_.open([](SQLite::Database& database) {
            // Pages of 4 KiB. Entries touch pages of the ids' index all over the file, and every checkpoint writes them
            // back.
            database.exec("PRAGMA wal_autocheckpoint = 4000");
            store::migrate(database, outbox_component, sqlite_outbox_tables());
        });
    }

    void end_leases() override {
        database_.use([](SQLite::Database& database) {
            database.exec("UPDATE outbox_users SET lease_token = NULL, lease_until = 0 WHERE lease_token IS NOT NULL");
        });
    }

    void end_rests() override {
        change([](SQLite::Database& database) {
            SQLite::Statement update(database,
                                     "UPDATE outbox_users SET not_before = 0, due_at = ?1 WHERE due_at > ?1 AND "
                                     "lease_until <= ?1 AND failures = 0");
            update.bind(1, now_ms());
            update.exec();
        });
    }

    std::vector<Refused> add(std::span<const Entry> entries) override {
        change([&](SQLite::Database& database) {
            const std::int64_t now = now_ms();
            insert_entries(database, entries, now);
            for (const Entry& entry : entries) {
                if (entry.is_retried) revive_entry(database, entry, now);
            }
            SQLite::Statement wake(database,
                                   "INSERT INTO outbox_users (user, due_at) VALUES (?1, ?2) ON CONFLICT (user) DO "
                                   "UPDATE SET due_at = max(not_before, min(coalesce(due_at, ?2), ?2))");
            for (const Uuid& user : users_of(entries)) {
                bind_id(wake, 1, user);
                wake.bind(2, now);
                wake.exec();
                wake.reset();
            }
        });
        return {};
    }

    std::optional<Claim> claim(std::chrono::milliseconds lease, Whom whom) override {
        return change([&](SQLite::Database& database) -> std::optional<Claim> {
            const std::int64_t now = now_ms();
            SQLite::Statement query(database,
                                    "SELECT user, hour_began, mails, is_gathering, failures FROM outbox_users "
                                    "WHERE due_at <= ?1 AND lease_until <= ?1 AND failures <= ?2 "
                                    "ORDER BY due_at LIMIT 1");
            query.bind(1, now);
            query.bind(2, most_failures(whom));
            if (!query.executeStep()) return std::nullopt;
            Claim claim{.user = read_id(query.getColumn(0)), .token = Uuid::random().to_string()};
            claim.count = {query.getColumn(1).getInt64(), query.getColumn(2).getInt(),
                           query.getColumn(3).getInt() != 0};
            claim.failures = query.getColumn(4).getInt();
            query.reset();
            SQLite::Statement update(database,
                                     "UPDATE outbox_users SET lease_token = ?, lease_until = ? WHERE user = ?");
            update.bind(1, claim.token);
            update.bind(2, now + lease.count());
            bind_id(update, 3, claim.user);
            update.exec();
            return claim;
        });
    }

    std::optional<std::chrono::milliseconds> next_due(Whom whom) override {
        return database_.use([&](SQLite::Database& database) -> std::optional<std::chrono::milliseconds> {
            SQLite::Statement query(database,
                                    "SELECT min(max(due_at, lease_until)) FROM outbox_users WHERE due_at IS NOT NULL "
                                    "AND failures <= ?");
            query.bind(1, most_failures(whom));
            query.executeStep();
            if (query.getColumn(0).isNull()) return std::nullopt;
            return std::chrono::milliseconds(std::max<std::int64_t>(0, query.getColumn(0).getInt64() - now_ms()));
        });
    }

    Backlog backlog(const Claim& claim, std::size_t most) override {
        return database_.use([&](SQLite::Database& database) {
            SQLite::Statement query(database,
                                    "SELECT count(*), coalesce(min(queued_at), 0), "
                                    "(SELECT mail_id IS NOT NULL FROM outbox_users WHERE user = ?1) FROM "
                                    "(SELECT queued_at FROM " NEARLINE_WAITING
                                    " WHERE user = ?1 AND state = 0 AND "
                                    "state < 2 ORDER BY id LIMIT ?2)");
            bind_id(query, 1, claim.user);
            query.bind(2, static_cast<std::int64_t>(most));
            query.executeStep();
            return Backlog{static_cast<std::size_t>(query.getColumn(0).getInt64()), query.getColumn(1).getInt64(),
                           now_ms(), query.getColumn(2).getInt() != 0};
        });
    }

    Composition compose(const Claim& claim, std::size_t entries, bool is_digest, const MailCount& count,
                        std::chrono::milliseconds lease) override {
        return change([&](SQLite::Database& database) {
            const std::int64_t now = now_ms();
            renew(database, claim, now + lease.count());
            // A mail of one is named like its request.
            SQLite::Statement take(database,
                                   "UPDATE outbox_entries SET state = 1, mail_id = coalesce(?1, request_id) WHERE id "
                                   "IN (SELECT id FROM " NEARLINE_WAITING
                                   " WHERE user = ?2 AND "
                                   "state = 0 AND state < 2 ORDER BY id LIMIT ?3)");
            if (is_digest) bind_id(take, 1, Uuid::random());
            bind_id(take, 2, claim.user);
            take.bind(3, static_cast<std::int64_t>(is_digest ? entries : 1));
            take.exec();
            SQLite::Statement note(database, "UPDATE outbox_users SET mail_id = (SELECT mail_id FROM " NEARLINE_WAITING
                                             " WHERE user = ?1 AND "
                                             "state = 1 AND state < 2 LIMIT 1), mail_is_digest = ?2, mail_composed_at "
                                             "= ?3, hour_began = ?4, mails = ?5, is_gathering = ?6 "
                                             "WHERE user = ?1");
            bind_id(note, 1, claim.user);
            note.bind(2, is_digest ? 1 : 0);
            note.bind(3, now);
            note.bind(4, count.hour_began);
            note.bind(5, count.mails);
            note.bind(6, count.is_gathering ? 1 : 0);
            note.exec();
            return read_composition(database, claim);
        });
    }

    Composition composed(const Claim& claim, std::chrono::milliseconds lease) override {
        return change([&](SQLite::Database& database) {
            renew(database, claim, now_ms() + lease.count());
            return read_composition(database, claim);
        });
    }

    void finish(const Claim& claim, End end, const std::string& words) override {
        change([&](SQLite::Database& database) {
            require_lease(database, claim);
            end_entries(database, claim, "state = 1 AND state < 2", end, words);
            forget_mail(database, claim);
        });
    }

    std::size_t skip_all(const Claim& claim, const std::string& words) override {
        return change([&](SQLite::Database& database) {
            require_lease(database, claim);
            const std::size_t skipped = end_entries(database, claim, "state < 2", End::skipped, words);
            forget_mail(database, claim);
            return skipped;
        });
    }

    std::size_t skip_everything(const std::string& words) override {
        return change([&](SQLite::Database& database) {
            database.exec(
                "UPDATE outbox_users SET lease_token = NULL, lease_until = 0, due_at = NULL, not_before = 0, mail_id = "
                "NULL, failures = 0 WHERE due_at IS NOT NULL OR lease_token IS NOT NULL");
            SQLite::Statement update(database, "UPDATE outbox_entries " NEARLINE_END " WHERE state < 2");
            update.bind(1, entry_state::skipped);
            update.bind(2, words);
            return static_cast<std::size_t>(update.exec());
        });
    }

    std::size_t skip_before(const Claim& claim, std::int64_t time, const std::string& words) override {
        return change([&](SQLite::Database& database) {
            require_lease(database, claim);
            const std::size_t skipped = end_entries(
                database, claim, "state < 2 AND record_time < " + std::to_string(time), End::skipped, words);
            if (skipped > 0 && read_composition(database, claim).entries.empty()) forget_mail(database, claim);
            return skipped;
        });
    }

    void release(const Claim& claim, const Rest& rest) override {
        change([&](SQLite::Database& database) {
            const std::int64_t now = now_ms();
            SQLite::Statement update(
                database,
                "UPDATE outbox_users SET lease_token = NULL, lease_until = 0, is_gathering = ?1, not_before = ?2, "
                "due_at = coalesce(?3, (SELECT ?4 FROM " NEARLINE_WAITING
                " WHERE user = ?5 AND state < 2 LIMIT 1)) "
                "WHERE user = ?5 AND lease_token = ?6");
            update.bind(1, rest.is_gathering ? 1 : 0);
            update.bind(2, rest.time && rest.is_strict ? now + rest.time->count() : std::int64_t{0});
            if (rest.time) update.bind(3, now + rest.time->count());
            update.bind(4, now);
            bind_id(update, 5, claim.user);
            update.bind(6, claim.token);
            if (update.exec() == 0) throw LeaseLost();
        });
    }

    void put_off(const Claim& claim, std::chrono::milliseconds time, const std::string& words) override {
        change([&](SQLite::Database& database) {
            SQLite::Statement update(database,
                                     "UPDATE outbox_users SET lease_token = NULL, lease_until = 0, failures = failures "
                                     "+ 1, not_before = ?1, due_at = ?1 WHERE user = ?2 AND lease_token = ?3");
            update.bind(1, now_ms() + time.count());
            bind_id(update, 2, claim.user);
            update.bind(3, claim.token);
            if (update.exec() == 0) throw LeaseLost();
            SQLite::Statement note(database, "UPDATE " NEARLINE_WAITING
                                             " SET attempts = attempts + 1, words = ? "
                                             "WHERE user = ? AND state = 1 AND state < 2");
            note.bind(1, words);
            bind_id(note, 2, claim.user);
            note.exec();
        });
    }

    std::size_t sweep(std::chrono::milliseconds keep, std::size_t most) override {
        return change([&](SQLite::Database& database) {
            SQLite::Statement remove(database,
                                     "DELETE FROM outbox_entries WHERE id IN (SELECT id FROM outbox_entries WHERE "
                                     "state >= 2 AND keep_from < ? ORDER BY keep_from LIMIT ?)");
            remove.bind(1, now_ms() - keep.count());
            remove.bind(2, static_cast<std::int64_t>(most));
            return static_cast<std::size_t>(remove.exec());
        });
    }

    std::size_t sweep_users(std::chrono::milliseconds rest, std::size_t most) override {
        return change([&](SQLite::Database& database) {
            SQLite::Statement remove(database,
                                     "DELETE FROM outbox_users WHERE user IN (SELECT user FROM outbox_users WHERE "
                                     "due_at IS NULL AND lease_token IS NULL AND hour_began < ? LIMIT ?)");
            remove.bind(1, now_ms() - rest.count());
            remove.bind(2, static_cast<std::int64_t>(most));
            return static_cast<std::size_t>(remove.exec());
        });
    }

    Totals totals() override {
        return database_.use([](SQLite::Database& database) {
            SQLite::Statement query(database, "SELECT count(*), min(queued_at) FROM outbox_entries WHERE state < 2");
            query.executeStep();
            Totals totals{static_cast<std::size_t>(query.getColumn(0).getInt64())};
            if (totals.waiting == 0) return totals;
            totals.oldest_age =
                std::chrono::milliseconds(std::max<std::int64_t>(0, now_ms() - query.getColumn(1).getInt64()));
            return totals;
        });
    }

private:
    // IMMEDIATE: what was read is still so when it is written.
    template <class Work>
    std::invoke_result_t<Work&, SQLite::Database&> change(Work work) {
        return database_.use([&](SQLite::Database& database) {
            SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
            if constexpr (std::is_void_v<std::invoke_result_t<Work&, SQLite::Database&>>) {
                work(database);
                transaction.commit();
            } else {
                auto result = work(database);
                transaction.commit();
                return result;
            }
        });
    }

    static void renew(SQLite::Database& database, const Claim& claim, std::int64_t until) {
        SQLite::Statement update(database,
                                 "UPDATE outbox_users SET lease_until = ? WHERE user = ? AND lease_token = ?");
        update.bind(1, until);
        bind_id(update, 2, claim.user);
        update.bind(3, claim.token);
        if (update.exec() == 0) throw LeaseLost();
    }

    static void require_lease(SQLite::Database& database, const Claim& claim) {
        SQLite::Statement query(database, "SELECT 1 FROM outbox_users WHERE user = ? AND lease_token = ?");
        bind_id(query, 1, claim.user);
        query.bind(2, claim.token);
        if (!query.executeStep()) throw LeaseLost();
    }

    static std::size_t end_entries(SQLite::Database& database, const Claim& claim, const std::string& which, End end,
                                   const std::string& words) {
        SQLite::Statement update(database, "UPDATE " NEARLINE_WAITING " " NEARLINE_END " WHERE user = ? AND " + which);
        update.bind(1, to_state(end));
        update.bind(2, words);
        bind_id(update, 3, claim.user);
        return static_cast<std::size_t>(update.exec());
    }

    static void forget_mail(SQLite::Database& database, const Claim& claim) {
        SQLite::Statement update(database, "UPDATE outbox_users SET mail_id = NULL, failures = 0 WHERE user = ?");
        bind_id(update, 1, claim.user);
        update.exec();
    }

    static Composition read_composition(SQLite::Database& database, const Claim& claim) {
        SQLite::Statement mail(database,
                               "SELECT mail_id, mail_is_digest, mail_composed_at FROM outbox_users WHERE user = ?");
        bind_id(mail, 1, claim.user);
        Composition composition;
        if (mail.executeStep()) {
            composition.id = mail.getColumn(0).isNull() ? "" : read_id(mail.getColumn(0)).to_string();
            composition.is_digest = mail.getColumn(1).getInt() != 0;
            composition.composed_at = mail.getColumn(2).getInt64();
        }
        SQLite::Statement rows(database,
                               "SELECT request_id, topic, partition_number, record_offset, record_time, record_key, "
                               "record_value, record_headers, attempts FROM " NEARLINE_WAITING
                               " WHERE user = ? AND state = 1 AND state < 2 ORDER BY id");
        bind_id(rows, 1, claim.user);
        while (rows.executeStep()) {
            composition.entries.push_back(read_entry(rows, claim.user));
            composition.attempts = rows.getColumn(8).getInt();
        }
        return composition;
    }

    store::SharedSqlite database_;
};

}  // namespace

std::unique_ptr<Outbox> make_sqlite_outbox(std::string path) {
    return std::make_unique<SqliteOutbox>(std::move(path));
}

}  // namespace nearline::notification
