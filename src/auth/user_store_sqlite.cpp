#include <SQLiteCpp/SQLiteCpp.h>
#include <atomic>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "auth/user_store_impl.hpp"
#include "domain/problem.hpp"
#include "store/shared_sqlite.hpp"

namespace nearline::auth {
namespace {

const std::vector<store::Migration> migrations = {
    {1, "users",
     "CREATE TABLE users ("
     "  id TEXT PRIMARY KEY,"
     "  name_digest TEXT NOT NULL UNIQUE,"
     "  name TEXT UNIQUE,"  // these are NULL once the user was removed
     "  password_hash TEXT,"
     "  admin INTEGER NOT NULL,"
     "  created_at INTEGER NOT NULL,"
     "  changed_at INTEGER NOT NULL,"
     "  removed_at INTEGER"
     ") WITHOUT ROWID;"
     "CREATE INDEX users_admin ON users (admin) WHERE admin = 1"},
    {2, "notifications", "ALTER TABLE users ADD COLUMN notifications INTEGER NOT NULL DEFAULT 1"},
    {3, "mail_since", "ALTER TABLE users ADD COLUMN mail_since INTEGER NOT NULL DEFAULT 0"},
};

constexpr auto user_columns = "id, name, admin, created_at, changed_at, notifications, mail_since";

User read_user(SQLite::Statement& row) {
    const std::optional<Uuid> id = Uuid::parse(row.getColumn(0).getString());
    if (!id) throw std::runtime_error("a user's id in the database is no UUID");
    return {.id = *id,
            .name = row.getColumn(1).getString(),
            .admin = row.getColumn(2).getInt() != 0,
            .created_at = row.getColumn(3).getInt64(),
            .changed_at = row.getColumn(4).getInt64(),
            .notifications = row.getColumn(5).getInt() != 0,
            .mail_since = row.getColumn(6).getInt64()};
}

class SqliteUserStore final : public UserStore {
public:
    explicit SqliteUserStore(std::string path) : database_(std::move(path)) {}

    std::string dependency() const override { return "users database"; }

    void prepare() override {
        database_.open([](SQLite::Database& database) { store::migrate(database, users_component, migrations); });
    }

    void ping() override {
        database_.use([](SQLite::Database& database) { database.execAndGet("SELECT count(*) FROM sqlite_master"); });
        // Reading is no sign that what could not be written can be now.
        if (has_failed_to_write_.exchange(false)) change([](SQLite::Database& database) { write_something(database); });
    }

    std::optional<Account> find_by_name(std::string_view name) override {
        return database_.use([&](SQLite::Database& database) -> std::optional<Account> {
            SQLite::Statement query(database,
                                    "SELECT " + std::string(user_columns) +
                                        ", password_hash FROM users WHERE name_digest = ? AND name IS NOT NULL");
            query.bind(1, name_digest(name));
            if (!query.executeStep()) return std::nullopt;
            return Account{read_user(query), query.getColumn(7).getString()};
        });
    }

    std::optional<User> find_by_id(const Uuid& id) override {
        return database_.use([&](SQLite::Database& database) -> std::optional<User> {
            SQLite::Statement query(
                database, "SELECT " + std::string(user_columns) + " FROM users WHERE id = ? AND name IS NOT NULL");
            query.bind(1, id.to_string());
            if (!query.executeStep()) return std::nullopt;
            return read_user(query);
        });
    }

    Added add(const User& user, const std::string& password_hash) override {
        return change([&](SQLite::Database& database) {
            SQLite::Statement insert(
                database,
                "INSERT INTO users (id, name_digest, name, password_hash, admin, created_at, changed_at, "
                "notifications) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (name_digest) DO NOTHING");
            insert.bind(1, user.id.to_string());
            insert.bind(2, name_digest(user.name));
            insert.bind(3, normal_name(user.name));
            insert.bind(4, password_hash);
            insert.bind(5, user.admin ? 1 : 0);
            insert.bind(6, user.created_at);
            insert.bind(7, user.changed_at);
            insert.bind(8, user.notifications ? 1 : 0);
            return insert.exec() == 1 ? Added::done : Added::taken;
        });
    }

    Changed remove(const Uuid& id, std::int64_t now) override {
        return change_keeping_an_administrator(id, false, [&](SQLite::Database& database) {
            SQLite::Statement update(database,
                                     "UPDATE users SET name = NULL, password_hash = NULL, admin = 0, removed_at = ?, "
                                     "changed_at = max(changed_at, ?) WHERE id = ?");
            update.bind(1, now);
            update.bind(2, now + 1);
            update.bind(3, id.to_string());
            update.exec();
        });
    }

    Changed set_admin(const Uuid& id, bool admin, std::int64_t now) override {
        return change_keeping_an_administrator(id, admin, [&](SQLite::Database& database) {
            SQLite::Statement update(database,
                                     "UPDATE users SET admin = ?, changed_at = max(changed_at, ?) WHERE id = ?");
            update.bind(1, admin ? 1 : 0);
            update.bind(2, now + 1);
            update.bind(3, id.to_string());
            update.exec();
        });
    }

    Changed set_password(const Uuid& id, const std::string& password_hash, std::int64_t now) override {
        return change([&](SQLite::Database& database) {
            SQLite::Statement update(database,
                                     "UPDATE users SET password_hash = ?, changed_at = max(changed_at, ?) "
                                     "WHERE id = ? AND name IS NOT NULL");
            update.bind(1, password_hash);
            update.bind(2, now + 1);
            update.bind(3, id.to_string());
            return update.exec() == 1 ? Changed::done : Changed::unknown;
        });
    }

    Changed set_notifications(const Uuid& id, bool wanted, std::int64_t now_ms) override {
        return change([&](SQLite::Database& database) {
            SQLite::Statement update(database,
                                     "UPDATE users SET mail_since = iif(notifications = 0 AND ?1, ?2, mail_since), "
                                     "notifications = ?1 WHERE id = ?3 AND name IS NOT NULL");
            update.bind(1, wanted ? 1 : 0);
            update.bind(2, now_ms);
            update.bind(3, id.to_string());
            return update.exec() == 1 ? Changed::done : Changed::unknown;
        });
    }

    void replace_hash(const Uuid& id, const std::string& before, const std::string& after) override {
        change([&](SQLite::Database& database) {
            SQLite::Statement update(database, "UPDATE users SET password_hash = ? WHERE id = ? AND password_hash = ?");
            update.bind(1, after);
            update.bind(2, id.to_string());
            update.bind(3, before);
            update.exec();
        });
    }

    std::vector<User> list(int limit, std::string_view after) override {
        return database_.use([&](SQLite::Database& database) {
            SQLite::Statement query(
                database, "SELECT " + std::string(user_columns) + " FROM users WHERE name > ? ORDER BY name LIMIT ?");
            query.bind(1, std::string(after));
            query.bind(2, limit);
            std::vector<User> users;
            while (query.executeStep()) users.push_back(read_user(query));
            return users;
        });
    }

private:
    // As use(), for what writes.
    template <class Work>
    std::invoke_result_t<Work&, SQLite::Database&> change(Work work) {
        try {
            return database_.use(std::move(work));
        } catch (const Unavailable&) {
            has_failed_to_write_ = true;
            throw;
        }
    }

    // One page, and nothing new in it.
    static void write_something(SQLite::Database& database) {
        const int version = database.execAndGet("PRAGMA user_version").getInt();
        database.exec("PRAGMA user_version = " + std::to_string(version));
    }

    // `stays_admin`: whether the user is an administrator after the change.
    template <class Change>
    Changed change_keeping_an_administrator(const Uuid& id, bool stays_admin, Change apply) {
        return change([&](SQLite::Database& database) {
            // IMMEDIATE: two processes that each remove "the other administrator" come one after the other.
            SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
            SQLite::Statement query(database,
                                    "SELECT admin, (SELECT count(*) FROM users WHERE admin = 1) FROM users "
                                    "WHERE id = ? AND name IS NOT NULL");
            query.bind(1, id.to_string());
            if (!query.executeStep()) return Changed::unknown;
            const bool is_last = query.getColumn(0).getInt() != 0 && query.getColumn(1).getInt() == 1;
            if (is_last && !stays_admin) return Changed::last_administrator;
            query.reset();
            apply(database);
            transaction.commit();
            return Changed::done;
        });
    }

    store::SharedSqlite database_;
    std::atomic<bool> has_failed_to_write_ = false;
};

}  // namespace

std::unique_ptr<UserStore> make_sqlite_user_store(std::string path) {
    return std::make_unique<SqliteUserStore>(std::move(path));
}

}  // namespace nearline::auth
