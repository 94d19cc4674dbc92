#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "auth/user_requests.hpp"
#include "auth/user_store.hpp"
#include "domain/problem.hpp"
#include "domain/user.hpp"

/// What `nearline users` does to a store, without a server: for app, which hands it to the command line.
/// They block (a hash takes tens of milliseconds) and throw what the store throws; the store was
/// prepare()d. `now`: seconds since 1970-01-01 UTC.
namespace nearline::auth {

/// 409 where the name is taken, 422 for a name or password that can't be.
Result<User> add_user(UserStore& store, const NewUser& user, std::int64_t now);

/// All of them, by name.
std::vector<User> list_users(UserStore& store);

/// Gives who it was. 404; 409 for the last administrator.
Result<User> remove_user(UserStore& store, std::string_view name, std::int64_t now);
/// Makes the user an administrator, or no more one, and gives who it was. The user's tokens are void, unless nothing
/// changed. 404; 409 for the last administrator.
Result<User> set_admin(UserStore& store, std::string_view name, bool admin, std::int64_t now);
/// Switches the user's mail on or off, and gives who it was. `now_ms`: ms since 1970-01-01 UTC. 404.
Result<User> set_notifications(UserStore& store, std::string_view name, bool wanted, std::int64_t now_ms);

// The same words for the HTTP API.
Problem name_taken(std::string_view name);
Problem no_such_user(std::string_view name);
Problem last_administrator(std::string_view name);

}  // namespace nearline::auth
