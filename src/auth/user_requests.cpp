#include "auth/user_requests.hpp"

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <chrono>
#include <initializer_list>
#include <utility>

#include "auth/passwords.hpp"
#include "domain/json.hpp"
#include "domain/time.hpp"

namespace nearline::auth {
namespace {

namespace json = boost::json;

std::string pointer_to(std::string_view member) {
    std::string pointer = "/";
    for (const char c : member) {
        if (c == '~')
            pointer += "~0";
        else if (c == '/')
            pointer += "~1";
        else
            pointer += c;
    }
    return pointer;
}

// Reads members of an object and notes what is wrong with them.
class MemberReader {
public:
    MemberReader(const json::object& object, std::vector<Violation>& violations)
        : object_(object), violations_(violations) {}

    std::optional<std::string> text(std::string_view member, bool required) {
        const json::value* const value = object_.if_contains(member);
        if (value == nullptr && required) violations_.push_back({pointer_to(member), "is missing: a string"});
        if (value != nullptr && !value->is_string()) violations_.push_back({pointer_to(member), "must be a string"});
        if (value == nullptr || !value->is_string()) return std::nullopt;
        return std::string(value->get_string());
    }

    bool flag(std::string_view member) {
        const json::value* const value = object_.if_contains(member);
        if (value == nullptr) return false;
        if (!value->is_bool()) violations_.push_back({pointer_to(member), "must be true or false"});
        return value->is_bool() && value->get_bool();
    }

    std::optional<bool> required_flag(std::string_view member) {
        const json::value* const value = object_.if_contains(member);
        if (value == nullptr) violations_.push_back({pointer_to(member), "is missing: true or false"});
        if (value != nullptr && !value->is_bool()) violations_.push_back({pointer_to(member), "must be true or false"});
        if (value == nullptr || !value->is_bool()) return std::nullopt;
        return value->get_bool();
    }

    void nothing_but(std::initializer_list<std::string_view> known) {
        for (const auto& member : object_) {
            if (std::find(known.begin(), known.end(), std::string_view(member.key())) != known.end()) continue;
            violations_.push_back({pointer_to(member.key()), "is not known here"});
        }
    }

private:
    const json::object& object_;
    std::vector<Violation>& violations_;
};

Result<json::object> parse_object(std::string_view body) {
    Result<json::value> parsed = parse_json(body);
    if (!parsed) return parsed.error();
    if (!parsed->is_object()) return invalid_body({{"", "must be a JSON object"}});
    return std::move(parsed->as_object());
}

struct Flag {
    bool is_set;
};

/// An object with this member alone.
Result<Flag> parse_one_flag(std::string_view body, std::string_view member) {
    const Result<json::object> object = parse_object(body);
    if (!object) return object.error();
    std::vector<Violation> violations;
    MemberReader members(*object, violations);
    const std::optional<bool> flag = members.required_flag(member);
    members.nothing_but({member});
    if (!violations.empty()) return invalid_body(std::move(violations));
    return Flag{*flag};
}

void check_name(const std::string& name, std::vector<Violation>& violations) {
    if (!is_email_address(name)) violations.push_back({"/username", "must be an e-mail address"});
}

void check_password(const std::string& password, std::string_view name, std::vector<Violation>& violations) {
    if (const auto wrong = check_new_password(password, name)) violations.push_back({"/password", *wrong});
}

}  // namespace

Problem invalid_body(std::vector<Violation> violations) {
    Problem problem{422, "Unprocessable Content", "The body is JSON, but not what is taken here: see errors."};
    problem.errors = std::move(violations);
    return problem;
}

std::vector<Violation> check_new_user(const NewUser& user) {
    std::vector<Violation> violations;
    check_name(user.name, violations);
    check_password(user.password, user.name, violations);
    return violations;
}

Result<NewUser> parse_new_user(std::string_view body) {
    const Result<json::object> object = parse_object(body);
    if (!object) return object.error();
    std::vector<Violation> violations;
    MemberReader members(*object, violations);
    const std::optional<std::string> name = members.text("username", true);
    const std::optional<std::string> password = members.text("password", true);
    const bool admin = members.flag("admin");
    members.nothing_but({"username", "password", "admin"});
    if (name) check_name(*name, violations);
    if (password) check_password(*password, name.value_or(""), violations);
    if (!violations.empty()) return invalid_body(std::move(violations));
    return NewUser{normal_name(*name), *password, admin};
}

Result<PasswordChange> parse_password_change(std::string_view body, std::string_view name) {
    const Result<json::object> object = parse_object(body);
    if (!object) return object.error();
    std::vector<Violation> violations;
    MemberReader members(*object, violations);
    const std::optional<std::string> password = members.text("password", true);
    std::optional<std::string> current = members.text("current_password", false);
    members.nothing_but({"password", "current_password"});
    if (password) check_password(*password, name, violations);
    if (!violations.empty()) return invalid_body(std::move(violations));
    return PasswordChange{*password, std::move(current)};
}

Result<RightsChange> parse_rights_change(std::string_view body) {
    const auto admin = parse_one_flag(body, "admin");
    if (!admin) return admin.error();
    return RightsChange{admin->is_set};
}

Result<NotificationsChange> parse_notifications(std::string_view body) {
    const auto mail = parse_one_flag(body, "mail");
    if (!mail) return mail.error();
    return NotificationsChange{mail->is_set};
}

std::string to_json(const User& user) {
    const WallTime created{std::chrono::seconds(user.created_at)};
    return "{\"username\":" + quote_json(user.name) + ",\"id\":\"" + user.id.to_string() +
           "\",\"admin\":" + (user.admin ? "true" : "false") +
           ",\"notifications\":{\"mail\":" + (user.notifications ? "true" : "false") + "},\"created_at\":\"" +
           to_created_at(created) + "\"}";
}

}  // namespace nearline::auth
