#include <chrono>
#include <filesystem>

#include "app/auth_part.hpp"
#include "app/commands.hpp"
#include "app/data_folder.hpp"
#include "app/options.hpp"
#include "app/places.hpp"
#include "app/process.hpp"
#include "auth/user_admin.hpp"
#include "cli/users.hpp"
#include "domain/time.hpp"

namespace nearline::app {

namespace {

std::int64_t now_seconds() {
    return std::chrono::duration_cast<std::chrono::seconds>(wall_now().time_since_epoch()).count();
}

/// auth's store, as the command line needs it.
class StoredUsers final : public cli::UserDirectory {
public:
    explicit StoredUsers(auth::UserStore& store) : store_(store) {}
    Result<User> add(const std::string& name, const std::string& password, bool admin) override {
        return auth::add_user(store_, {normal_name(name), password, admin}, now_seconds());
    }
    std::vector<User> list() override { return auth::list_users(store_); }
    Result<void> remove(const std::string& name) override {
        const auto removed = auth::remove_user(store_, name, now_seconds());
        if (!removed) return removed.error();
        return {};
    }

    Result<void> set_admin(const std::string& name, bool admin) override {
        const auto changed = auth::set_admin(store_, name, admin, now_seconds());
        if (!changed) return changed.error();
        return {};
    }

    Result<void> set_notifications(const std::string& name, bool wanted) override {
        const auto changed = auth::set_notifications(store_, name, wanted, now_ms());
        if (!changed) return changed.error();
        return {};
    }

private:
    auth::UserStore& store_;
};

struct Options {
    UsersOptions users;
    DataFolder data;
    bool admin = false;
    std::vector<std::string> names;
};

/// Loads the settings of one of the commands; an exit code where it ends with that.
std::optional<int> load(Settings& settings, Options& options, int argc, const char* const* argv) {
    declare(settings, options.users);
    settings.add("--data DIR", "NEARLINE_DATA", options.data.path,
                 "the data folder of `nearline up`, where --users is not given");
    if (const auto code = settings.load(argc, argv)) return code;
    if (options.users.users.empty()) options.users.users = options.data.users();
    return std::nullopt;
}

/// A database that is not there would be made, and its users be nobody's.
void require_database(const Options& options) {
    const auto file = sqlite_file(options.users.users);
    if (!file) return;
    std::error_code error;
    if (std::filesystem::exists(*file, error)) return;
    if (error) throw std::runtime_error(*file + " can't be looked at: " + error.message());
    throw std::runtime_error("there is no " + *file +
                             "; start `nearline up` or auth-svc once, or name the users with --users or --data");
}

int with_users(const Options& options, const std::function<int(cli::UserDirectory&)>& run) {
    const auto store = open_users(options.users);
    store->prepare();
    StoredUsers users(*store);
    return run(users);
}

int add(int argc, const char* const* argv) {
    Options options;
    Settings settings("nearline users add",
                      "Adds a user; asks for the password, or reads it as one line of standard input.");
    settings.positional("NAME", options.names, "the user's e-mail address", 1, 1);
    settings.group("User");
    settings.add("--admin", "", options.admin, "an administrator, who may manage users and see topics");
    if (const auto code = load(settings, options, argc, argv)) return *code;
    return with_users(options, [&](auto& users) { return cli::add_user(users, options.names[0], options.admin); });
}

int list(int argc, const char* const* argv) {
    Options options;
    Settings settings("nearline users list", "Lists all users.");
    if (const auto code = load(settings, options, argc, argv)) return *code;
    require_database(options);
    return with_users(options, [](auto& users) { return cli::list_users(users); });
}

int remove(int argc, const char* const* argv) {
    Options options;
    Settings settings("nearline users remove",
                      "Removes a user, whose tokens are void from then on. The name is not given out again.");
    settings.positional("NAME", options.names, "the user's e-mail address", 1, 1);
    if (const auto code = load(settings, options, argc, argv)) return *code;
    require_database(options);
    return with_users(options, [&](auto& users) { return cli::remove_user(users, options.names[0]); });
}

int set_admin(int argc, const char* const* argv, bool admin) {
    Options options;
    Settings settings(
        admin ? "nearline users promote" : "nearline users demote",
        admin ? "Makes a user an administrator, who may manage users and see topics. The user has to log in "
                "again."
              : "Makes an administrator an ordinary user, who has to log in again. The last administrator "
                "stays one.");
    settings.positional("NAME", options.names, "the user's e-mail address", 1, 1);
    if (const auto code = load(settings, options, argc, argv)) return *code;
    require_database(options);
    return with_users(options, [&](auto& users) { return cli::set_admin(users, options.names[0], admin); });
}

int set_notifications(int argc, const char* const* argv) {
    Options options;
    Settings settings(
        "nearline users notifications",
        "Switches a user's mail on or off: off, nothing is mailed any more, also not what waits; on, what "
        "is predicted from then on.");
    settings.positional("NAME on|off", options.names, "the user's e-mail address, and which", 2, 2);
    if (const auto code = load(settings, options, argc, argv)) return *code;
    require_database(options);
    return with_users(options,
                      [&](auto& users) { return cli::set_notifications(users, options.names[0], options.names[1]); });
}

}  // namespace

int users(int argc, const char* const* argv) {
    const std::string action = argc > 1 ? argv[1] : "";
    if (action == "add") return add(argc - 1, argv + 1);
    if (action == "list") return list(argc - 1, argv + 1);
    if (action == "remove") return remove(argc - 1, argv + 1);
    if (action == "promote") return set_admin(argc - 1, argv + 1, true);
    if (action == "demote") return set_admin(argc - 1, argv + 1, false);
    if (action == "notifications") return set_notifications(argc - 1, argv + 1);
    return show_usage("nearline users", action,
                      "Usage: nearline users add [--admin] NAME\n"
                      "       nearline users list\n"
                      "       nearline users remove NAME\n"
                      "       nearline users promote NAME\n"
                      "       nearline users demote NAME\n"
                      "       nearline users notifications NAME on|off\n\n"
                      "Works on the users of the data folder (./data, --data), also while `nearline up` runs on "
                      "it, or on those\nthat --users names: sqlite:FILE or mysql://user@host:3306/database. "
                      "`nearline users add --help` has more.\n");
}

}  // namespace nearline::app
