#include <stdexcept>
#include <utility>

#include "auth/user_store_impl.hpp"
#include "store/mysql.hpp"

namespace nearline::auth {
namespace {

using store::MysqlConnection;
using store::MysqlResult;
using store::MysqlRow;

const std::vector<store::Migration> migrations = {
    {1, "users",
     "CREATE TABLE users ("
     "  id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,"
     "  name_digest CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,"
     // These are NULL once the user was removed.
     "  name VARCHAR(254) NULL,"
     "  password_hash VARCHAR(255) NULL,"
     "  admin TINYINT NOT NULL,"
     "  created_at BIGINT NOT NULL,"
     "  changed_at BIGINT NOT NULL,"
     "  removed_at BIGINT NULL,"
     "  UNIQUE KEY users_name_digest (name_digest),"
     "  UNIQUE KEY users_name (name),"
     "  KEY users_admin (admin)"
     ") ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin"},
    {2, "notifications", "ALTER TABLE users ADD COLUMN notifications TINYINT NOT NULL DEFAULT 1"},
    {3, "mail_since", "ALTER TABLE users ADD COLUMN mail_since BIGINT NOT NULL DEFAULT 0"},
};

User read_user(const MysqlRow& row) {
    const std::optional<Uuid> id = Uuid::parse(row.text(0));
    if (!id) throw std::runtime_error("a user's id in the database is no UUID");
    return {.id = *id,
            .name = row.text(1),
            .admin = row.integer(2) != 0,
            .created_at = row.integer(3),
            .changed_at = row.integer(4),
            .notifications = row.integer(5) != 0,
            .mail_since = row.integer(6)};
}

class MysqlUserStore final : public UserStore {
public:
    explicit MysqlUserStore(store::MysqlOptions options) : pool_(std::move(options)) {}

    std::string dependency() const override { return "mysql"; }

    void prepare() override { store::migrate(pool_, users_component, migrations); }

    void ping() override {
        pool_.repeatable([](MysqlConnection& connection) { return connection.execute("SELECT 1"); });
    }

    std::optional<Account> find_by_name(std::string_view name) override {
        const MysqlResult found = pool_.repeatable([&](MysqlConnection& connection) {
            return connection.execute(
                "SELECT id, name, admin, created_at, changed_at, notifications, mail_since, password_hash FROM users "
                "WHERE name_digest = ? AND name IS NOT NULL",
                {name_digest(name)});
        });
        if (found.rows.empty()) return std::nullopt;
        return Account{read_user(found.rows[0]), found.rows[0].text(7)};
    }

    std::optional<User> find_by_id(const Uuid& id) override {
        const MysqlResult found = pool_.repeatable([&](MysqlConnection& connection) {
            return connection.execute(
                "SELECT id, name, admin, created_at, changed_at, notifications, mail_since FROM users "
                "WHERE id = ? AND name IS NOT NULL",
                {id.to_string()});
        });
        if (found.rows.empty()) return std::nullopt;
        return read_user(found.rows[0]);
    }

    Added add(const User& user, const std::string& password_hash) override {
        try {
            pool_.transaction([&](MysqlConnection& connection) {
                connection.execute(
                    "INSERT INTO users "
                    "(id, name_digest, name, password_hash, admin, created_at, changed_at, notifications) "
                    "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    {user.id.to_string(), name_digest(user.name), normal_name(user.name), password_hash,
                     std::int64_t{user.admin}, user.created_at, user.changed_at, std::int64_t{user.notifications}});
            });
            return Added::done;
        } catch (const store::MysqlError& error) {
            if (!error.is_duplicate_key()) throw;
            return Added::taken;
        } catch (const store::MysqlConnectionLost&) {
            // The commit's answer was lost, not necessarily the commit: the id is this add's alone.
            if (find_by_id(user.id)) return Added::done;
            throw;
        }
    }

    Changed remove(const Uuid& id, std::int64_t now) override {
        return change_keeping_an_administrator(id, false, [&](MysqlConnection& connection) {
            connection.execute(
                "UPDATE users SET name = NULL, password_hash = NULL, admin = 0, removed_at = ?, "
                "changed_at = GREATEST(changed_at, ?) WHERE id = ?",
                {now, now + 1, id.to_string()});
        });
    }

    Changed set_admin(const Uuid& id, bool admin, std::int64_t now) override {
        return change_keeping_an_administrator(id, admin, [&](MysqlConnection& connection) {
            connection.execute("UPDATE users SET admin = ?, changed_at = GREATEST(changed_at, ?) WHERE id = ?",
                               {std::int64_t{admin}, now + 1, id.to_string()});
        });
    }

    Changed set_password(const Uuid& id, const std::string& password_hash, std::int64_t now) override {
        const MysqlResult result = pool_.repeatable([&](MysqlConnection& connection) {
            return connection.execute(
                "UPDATE users SET password_hash = ?, changed_at = GREATEST(changed_at, ?) "
                "WHERE id = ? AND name IS NOT NULL",
                {password_hash, now + 1, id.to_string()});
        });
        return result.matched == 1 ? Changed::done : Changed::unknown;
    }

    Changed set_notifications(const Uuid& id, bool wanted, std::int64_t now_ms) override {
        const MysqlResult result = pool_.repeatable([&](MysqlConnection& connection) {
            // Assigned from left to right: mail_since sees what notifications was.
            return connection.execute(
                "UPDATE users SET mail_since = IF(notifications = 0 AND ?, ?, mail_since), notifications = ? "
                "WHERE id = ? AND name IS NOT NULL",
                {std::int64_t{wanted}, now_ms, std::int64_t{wanted}, id.to_string()});
        });
        return result.matched == 1 ? Changed::done : Changed::unknown;
    }

    void replace_hash(const Uuid& id, const std::string& before, const std::string& after) override {
        pool_.repeatable([&](MysqlConnection& connection) {
            return connection.execute("UPDATE users SET password_hash = ? WHERE id = ? AND password_hash = ?",
                                      {after, id.to_string(), before});
        });
    }

    std::vector<User> list(int limit, std::string_view after) override {
        const MysqlResult found = pool_.repeatable([&](MysqlConnection& connection) {
            return connection.execute(
                "SELECT id, name, admin, created_at, changed_at, notifications, mail_since FROM users "
                "WHERE name > ? ORDER BY name LIMIT ?",
                {std::string(after), std::int64_t{limit}});
        });
        std::vector<User> users;
        for (const MysqlRow& row : found.rows) users.push_back(read_user(row));
        return users;
    }

private:
    // `stays_admin`: whether the user is an administrator after the change.
    template <class Change>
    Changed change_keeping_an_administrator(const Uuid& id, bool stays_admin, Change change) {
        Changed outcome = Changed::done;
        pool_.transaction([&](MysqlConnection& connection) {
            outcome = Changed::done;
            // All administrators are locked, in one order: two who remove each other come one after the other.
            const MysqlResult administrators =
                connection.execute("SELECT id FROM users WHERE admin = 1 ORDER BY id FOR UPDATE");
            const MysqlResult user = connection.execute(
                "SELECT admin FROM users WHERE id = ? AND name IS NOT NULL FOR UPDATE", {id.to_string()});
            if (user.rows.empty()) {
                outcome = Changed::unknown;
                return;
            }
            const bool is_last = user.rows[0].integer(0) != 0 && administrators.rows.size() == 1;
            if (is_last && !stays_admin) {
                outcome = Changed::last_administrator;
                return;
            }
            change(connection);
        });
        return outcome;
    }

    store::MysqlPool pool_;
};

}  // namespace

std::unique_ptr<UserStore> make_mysql_user_store(store::MysqlOptions options) {
    return std::make_unique<MysqlUserStore>(std::move(options));
}

}  // namespace nearline::auth
