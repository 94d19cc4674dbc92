#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "domain/problem.hpp"
#include "domain/user.hpp"

/// What callers may ask for, checked. Pure functions.
namespace nearline::auth {

struct NewUser {
    std::string name;  ///< an e-mail address
    std::string password;
    bool admin = false;
};

struct PasswordChange {
    std::string password;
    std::optional<std::string> current_password;
};

struct RightsChange {
    bool admin = false;
};

struct NotificationsChange {
    bool mail = true;
};

/// The body of POST /register: {"username", "password"} and perhaps "admin". 400 for what is no JSON, 422
/// with a pointer for each member that is wrong.
Result<NewUser> parse_new_user(std::string_view body);

/// The body of PUT /users/{name}/password: {"password"} and perhaps "current_password".
Result<PasswordChange> parse_password_change(std::string_view body, std::string_view name);

/// The body of PUT /users/{name}/notifications, {"mail": true} or {"mail": false}: whether mail is wanted.
Result<NotificationsChange> parse_notifications(std::string_view body);

/// The body of PUT /users/{name}/admin, {"admin": true} or {"admin": false}: whether it is an administrator.
Result<RightsChange> parse_rights_change(std::string_view body);

/// The rules for names and passwords alone; pointers as in POST /register.
std::vector<Violation> check_new_user(const NewUser& user);

/// A 422 with these.
Problem invalid_body(std::vector<Violation> violations);

/// {"username","id","admin","notifications":{"mail"},"created_at"}.
std::string to_json(const User& user);

}  // namespace nearline::auth
