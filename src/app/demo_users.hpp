#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/user_store.hpp"

/// Users for a first try on one's own machine, with a password that everyone knows. They are never to be
/// there where others can reach the service.
namespace nearline::app::demo_users {

inline constexpr std::array<std::string_view, 2> names{"theodondre@gmail.com", "theodondre@email.com"};
inline constexpr std::string_view password = "admin123";

/// Makes them, administrators both, where the store has no users at all. One to log in as who has the password
/// that everyone knows; nothing where there is none, or none any more. Takes as long as hashing a password.
std::optional<std::string> make_if_new(auth::UserStore& store);

enum class Among { all, administrators };
/// Those who still have the password that everyone knows. Takes as long as hashing it for each name that is there.
std::vector<std::string> open_to_all(auth::UserStore& store, Among among = Among::all);

/// Refuses a store that such users are in for a service that others reach: throws ConfigurationError. `listen` is
/// the service's address. Under open registration anyone may be a user, and may be called so: administrators
/// alone count then.
void refuse_where_open(auth::UserStore& store, const std::string& listen, bool open_registration);

}  // namespace nearline::app::demo_users
