#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/user.hpp"
#include "domain/uuid.hpp"

namespace nearline::auth {

/// A user and the stored hash of the password.
struct Account {
    User user;
    std::string password_hash;  ///< argon2id in its text form
};

/// Where users are kept. Implementations are thread-safe and block; they throw Unavailable when the
/// database can't answer. Names are compared in their normal form (normal_name). Times are seconds since
/// 1970-01-01 UTC and come from the caller.
///
/// A change of password or rights made at `now` sets changed_at to `now` + 1: a token's iat has only
/// seconds, and one that was made earlier within the same second must be void.
class UserStore {
public:
    virtual ~UserStore() = default;

    /// What /readyz calls it: "mysql", "users database".
    virtual std::string dependency() const = 0;

    /// Makes and migrates the tables; before anything else, and again after it threw Unavailable. Throws
    /// std::runtime_error where waiting can't help.
    virtual void prepare() = 0;

    /// Asks the database whether it is there; throws Unavailable where it is not. After a change that failed on a
    /// full disk it also tries whether it can be written again.
    virtual void ping() = 0;

    virtual std::optional<Account> find_by_name(std::string_view name) = 0;
    virtual std::optional<User> find_by_id(const Uuid& id) = 0;

    enum class Added { done, taken };
    /// `taken` also for the name of a user who was removed. Of several adds of one name at once, one is done.
    virtual Added add(const User& user, const std::string& password_hash) = 0;

    enum class Changed {
        done,
        unknown,            ///< there is no such user
        last_administrator  ///< refused: nobody would be left to manage users
    };
    /// Forgets the user, but not that the name was given out.
    virtual Changed remove(const Uuid& id, std::int64_t now) = 0;
    virtual Changed set_admin(const Uuid& id, bool admin, std::int64_t now) = 0;
    virtual Changed set_password(const Uuid& id, const std::string& password_hash, std::int64_t now) = 0;

    /// Whether the user wants mail. No change that voids tokens. Where it was off and is wanted now, mail_since becomes
    /// `now_ms`: ms, for a prediction made within the same second may be from before.
    virtual Changed set_notifications(const Uuid& id, bool wanted, std::int64_t now_ms) = 0;

    /// The same password under other parameters: no change that voids tokens. Nothing happens unless the
    /// hash is still `before`.
    virtual void replace_hash(const Uuid& id, const std::string& before, const std::string& after) = 0;

    /// At most `limit` users whose names come after `after`, by name, bytewise.
    virtual std::vector<User> list(int limit, std::string_view after) = 0;
};

/// Checks `url`: sqlite:FILE or mysql://user@host:3306/db (store/mysql.hpp has its options); "" when it is
/// fine, else what is wrong. For Settings.
std::string check_user_store_url(const std::string& url);

/// The store for a URL that passes check_user_store_url(); throws std::invalid_argument for another.
/// Connects to nothing yet: prepare() does. `mysql_password`: MYSQL_PASSWORD.
std::unique_ptr<UserStore> make_user_store(const std::string& url, const std::string& mysql_password);

}  // namespace nearline::auth
