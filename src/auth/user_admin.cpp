#include "auth/user_admin.hpp"

#include <string>

#include "auth/passwords.hpp"

namespace nearline::auth {
namespace {

Result<void> to_result(UserStore::Changed outcome, std::string_view name) {
    switch (outcome) {
        case UserStore::Changed::unknown:
            return no_such_user(name);
        case UserStore::Changed::last_administrator:
            return last_administrator(name);
        case UserStore::Changed::done:
            break;
    }
    return {};
}

}  // namespace

Result<User> add_user(UserStore& store, const NewUser& user, std::int64_t now) {
    if (auto violations = check_new_user(user); !violations.empty()) {
        return Problem{422, "Unprocessable Content", "The user can't be added.", std::move(violations)};
    }
    User added{.id = Uuid::random(),
               .name = normal_name(user.name),
               .admin = user.admin,
               .created_at = now,
               .changed_at = now};
    if (store.add(added, hash_password(user.password)) == UserStore::Added::taken) return name_taken(added.name);
    return added;
}

std::vector<User> list_users(UserStore& store) {
    constexpr int page_size = 1'000;
    std::vector<User> users;
    for (;;) {
        const std::string last = users.empty() ? "" : users.back().name;
        const std::vector<User> page = store.list(page_size, last);
        users.insert(users.end(), page.begin(), page.end());
        if (page.size() < page_size) return users;
    }
}

Result<User> remove_user(UserStore& store, std::string_view name, std::int64_t now) {
    const auto account = store.find_by_name(name);
    if (!account) return no_such_user(name);
    const auto removed = to_result(store.remove(account->user.id, now), name);
    if (!removed) return removed.error();
    return account->user;
}

Result<User> set_admin(UserStore& store, std::string_view name, bool admin, std::int64_t now) {
    const auto account = store.find_by_name(name);
    if (!account) return no_such_user(name);
    if (account->user.admin == admin) return account->user;
    const auto changed = to_result(store.set_admin(account->user.id, admin, now), name);
    if (!changed) return changed.error();
    return account->user;
}

Result<User> set_notifications(UserStore& store, std::string_view name, bool wanted, std::int64_t now_ms) {
    const auto account = store.find_by_name(name);
    if (!account) return no_such_user(name);
    const auto changed = to_result(store.set_notifications(account->user.id, wanted, now_ms), name);
    if (!changed) return changed.error();
    return account->user;
}

Problem name_taken(std::string_view name) {
    return {
        409, "Conflict",
        "The name " + std::string(name) + " is taken, or was once: names are never given out twice. Choose another."};
}

Problem no_such_user(std::string_view name) {
    return {404, "Not Found", "There is no user " + std::string(name) + '.'};
}

Problem last_administrator(std::string_view name) {
    return {409, "Conflict",
            std::string(name) +
                " is the last administrator: nobody would be left to manage users. Make another one first."};
}

}  // namespace nearline::auth
