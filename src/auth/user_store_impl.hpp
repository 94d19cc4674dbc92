#pragma once

#include <memory>
#include <string>

#include "auth/user_store.hpp"
#include "store/mysql.hpp"

/// What the two user stores share; for this room alone.
namespace nearline::auth {

std::unique_ptr<UserStore> make_sqlite_user_store(std::string path);
std::unique_ptr<UserStore> make_mysql_user_store(store::MysqlOptions options);

/// The name of the tables in nearline_migrations.
inline constexpr std::string_view users_component = "users";

/// Names are looked up by this: it means the same under any database's collation, and it is what remains
/// of a removed user, so that the name is not given out again and yet not kept.
std::string name_digest(std::string_view name);

}  // namespace nearline::auth
