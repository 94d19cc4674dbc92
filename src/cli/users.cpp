#include "cli/users.hpp"

#include <chrono>
#include <iostream>

#include "cli/table.hpp"
#include "cli/terminal.hpp"
#include "domain/time.hpp"

namespace nearline::cli {

namespace {

int say(const Problem& problem) {
    std::cerr << "nearline users: " << problem.detail << '\n';
    for (const auto& error : problem.errors) {
        const auto name = error.pointer.empty() ? "" : error.pointer.substr(1) + " ";
        std::cerr << "  " << name << error.detail << '\n';
    }
    return 1;
}

std::string to_date(std::int64_t seconds) {
    // Seconds are enough for people.
    return to_created_at(WallTime(std::chrono::seconds(seconds))).substr(0, 19);
}

}  // namespace

int add_user(UserDirectory& users, const std::string& name, bool admin) {
    // Before anybody types a password.
    if (!is_email_address(name)) {
        std::cerr << "nearline users: \"" << printable(name) << "\" is no e-mail address, and users' names are\n";
        return 1;
    }
    const auto added = users.add(name, ask_password("Password of " + name, true), admin);
    if (!added) return say(added.error());
    std::cout << "added " << added->name << (admin ? ", an administrator" : "") << '\n';
    return 0;
}

int list_users(UserDirectory& users) {
    std::vector<Row> rows{{"NAME", "ADMIN", "MAIL", "CREATED (UTC)", "ID"}};
    for (const auto& user : users.list()) {
        rows.push_back({user.name, user.admin ? "yes" : "no", user.notifications ? "yes" : "no",
                        to_date(user.created_at), user.id.to_string()});
    }
    print_table(rows);
    return 0;
}

int remove_user(UserDirectory& users, const std::string& name) {
    const auto removed = users.remove(name);
    if (!removed) return say(removed.error());
    std::cout << "removed " << normal_name(name) << '\n';
    return 0;
}

int set_admin(UserDirectory& users, const std::string& name, bool admin) {
    const auto changed = users.set_admin(name, admin);
    if (!changed) return say(changed.error());
    std::cout << normal_name(name) << (admin ? " is an administrator" : " is no administrator") << '\n';
    return 0;
}

int set_notifications(UserDirectory& users, const std::string& name, const std::string& wanted) {
    if (wanted != "on" && wanted != "off") {
        std::cerr << "nearline users: \"" << printable(wanted) << "\" is neither on nor off\n";
        return 2;
    }
    const auto changed = users.set_notifications(name, wanted == "on");
    if (!changed) return say(changed.error());
    std::cout << normal_name(name) << (wanted == "on" ? " gets mail" : " gets no mail") << '\n';
    return 0;
}

}  // namespace nearline::cli
