#pragma once

#include <string>
#include <vector>

#include "domain/problem.hpp"
#include "domain/user.hpp"

namespace nearline::cli {

/// Users as `nearline users` needs them; app hands over what keeps them. Calls block, and throw
/// Unavailable.
class UserDirectory {
public:
    virtual ~UserDirectory() = default;
    virtual Result<User> add(const std::string& name, const std::string& password, bool admin) = 0;
    virtual std::vector<User> list() = 0;
    virtual Result<void> remove(const std::string& name) = 0;
    virtual Result<void> set_admin(const std::string& name, bool admin) = 0;
    virtual Result<void> set_notifications(const std::string& name, bool wanted) = 0;
};

// Each prints what it did and gives the exit code.

/// Asks for the password (ask_password).
int add_user(UserDirectory& users, const std::string& name, bool admin);
int list_users(UserDirectory& users);
int remove_user(UserDirectory& users, const std::string& name);
/// Makes the user an administrator, or no more one.
int set_admin(UserDirectory& users, const std::string& name, bool admin);
/// Switches the user's mail "on" or "off"; another word is 2, as any wrong argument.
int set_notifications(UserDirectory& users, const std::string& name, const std::string& wanted);

}  // namespace nearline::cli
