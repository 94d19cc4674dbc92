#pragma once

#include <memory>
#include <ostream>
#include <string>

#include "auth/user_store.hpp"
#include "auth/user_store_impl.hpp"
#include "support/mariadb.hpp"
#include "support/temp_dir.hpp"

namespace nearline::test {

/// A place for users, and stores on it: several, as several processes would have them.
class UserStorePlace {
public:
    virtual ~UserStorePlace() = default;
    virtual std::unique_ptr<auth::UserStore> open() = 0;
};

class SqlitePlace : public UserStorePlace {
public:
    std::unique_ptr<auth::UserStore> open() override { return auth::make_sqlite_user_store(dir_ / "users.db"); }

private:
    TempDir dir_;
};

class MysqlPlace : public UserStorePlace {
public:
    std::unique_ptr<auth::UserStore> open() override { return auth::make_mysql_user_store(database_.options()); }

private:
    MysqlDatabase database_;
};

/// A parameter of tests that run on every implementation.
struct UserStoreKind {
    const char* name;
    std::unique_ptr<UserStorePlace> (*make)();
    friend void PrintTo(const UserStoreKind& kind, std::ostream* out) { *out << kind.name; }
};

template <class Place>
std::unique_ptr<UserStorePlace> make_place() {
    return std::make_unique<Place>();
}

inline const UserStoreKind user_store_kinds[] = {{"Sqlite", make_place<SqlitePlace>},
                                                 {"Mysql", make_place<MysqlPlace>}};

}  // namespace nearline::test
