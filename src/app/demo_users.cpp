#include "app/demo_users.hpp"

#include <chrono>
#include <future>
#include <stdexcept>

#include "app/places.hpp"
#include "app/process.hpp"
#include "auth/passwords.hpp"
#include "auth/user_admin.hpp"
#include "domain/time.hpp"
#include "runtime/log.hpp"

namespace nearline::app::demo_users {

namespace {

bool is_open(auth::UserStore& store, std::string_view name, Among among) {
    const auto account = store.find_by_name(name);
    if (!account || (among == Among::administrators && !account->user.admin)) return false;
    return auth::verify_password(account->password_hash, password);
}

/// The first who was made.
std::optional<std::string> make(auth::UserStore& store) {
    const auto now = std::chrono::duration_cast<std::chrono::seconds>(wall_now().time_since_epoch()).count();
    std::vector<std::future<Result<User>>> made;
    made.reserve(std::size(names));
    for (const auto name : names) {
        // Hashing takes its time on purpose: both at once.
        made.push_back(std::async(std::launch::async, [&store, name, now] {
            return auth::add_user(store, {std::string(name), std::string(password), true}, now);
        }));
    }
    std::optional<std::string> first;
    for (auto& user : made) {
        const auto added = user.get();
        // Taken: one that was removed, and whose name is not given out again.
        if (!added && added.error().status != 409)
            throw std::runtime_error("can't make the demo users: " + added.error().detail);
        if (added && !first) first = added->name;
    }
    if (first) log::info("made the demo users, administrators both, with a password that everyone knows");
    return first;
}

}  // namespace

std::optional<std::string> make_if_new(auth::UserStore& store) {
    if (store.list(1, "").empty()) return make(store);
    for (const auto name : names) {
        if (is_open(store, name, Among::all)) return std::string(name);
    }
    return std::nullopt;
}

std::vector<std::string> open_to_all(auth::UserStore& store, Among among) {
    std::vector<std::string> found;
    for (const auto name : names) {
        if (is_open(store, name, among)) found.emplace_back(name);
    }
    return found;
}

void refuse_where_open(auth::UserStore& store, const std::string& listen, bool open_registration) {
    if (is_loopback(listen)) return;
    const auto open = open_to_all(store, open_registration ? Among::administrators : Among::all);
    if (open.empty()) return;
    std::string all;
    for (const auto& name : open) all += (all.empty() ? "" : " and ") + name;
    throw ConfigurationError("--listen " + listen + ": others could log in as " + all +
                             ", whose password everyone knows; change it, or remove them (`nearline users remove`; "
                             "before the last one, `nearline users add --admin` somebody), or take other users "
                             "(--users, --data), or listen on this machine alone (--listen 127.0.0.1)");
}

}  // namespace nearline::app::demo_users
