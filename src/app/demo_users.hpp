#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "auth/user_store.hpp"

/// Users for a first try on one's own machine, with a password that everyone knows. They are never to be
/// there where others can reach the service.
namespace nearline::app::demo_users {

inline constexpr std::array<std::string_view, 2> names{"theodondre@gmail.com", "theodondre@email.com"};
inline constexpr std::string_view password = "admin123";

/// Makes them, administrators both, where the store has no users at all, which takes as long as hashing a
/// password. Whether they are there now, with whatever password.
bool make_if_new(auth::UserStore& store);

/// Those that still have the password that everyone knows. Takes as long as hashing it for each.
std::vector<std::string> open_to_all(auth::UserStore& store);

}  // namespace nearline::app::demo_users
