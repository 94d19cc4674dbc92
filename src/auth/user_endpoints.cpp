#include <utility>

#include "auth/endpoints_impl.hpp"
#include "auth/passwords.hpp"
#include "auth/refusals.hpp"
#include "auth/user_admin.hpp"
#include "auth/user_requests.hpp"
#include "domain/whole_number.hpp"
#include "domain/wrong_parameters.hpp"
#include "http/text.hpp"
#include "runtime/log.hpp"

/// The calls about users.
namespace nearline::auth {
namespace {

namespace asio = boost::asio;

constexpr int default_page = 100;
constexpr int largest_page = 1'000;

std::string user_path(std::string_view name) {
    return "/users/" + http::percent_encode(name);
}

// Nothing for what is no such number.
std::optional<int> page_size(const http::Request& request) {
    const auto found = request.query.find("limit");
    if (found == request.query.end()) return default_page;
    const auto limit = parse_whole_number<int>(found->second);
    return limit && *limit >= 1 && *limit <= largest_page ? limit : std::nullopt;
}

}  // namespace

asio::awaitable<Result<void>> Endpoints::may_register(const http::Request& request, bool as_administrator) {
    if (options_.open_registration && !as_administrator) co_return Result<void>();
    auto task = authenticate_administrator(request);
    const auto caller = co_await std::move(task);
    if (!caller) co_return caller.error();
    co_return Result<void>();
}

Endpoints::Answer Endpoints::register_user(const http::Request& request) {
    // Strangers learn nothing about their bodies: who they are is asked first.
    auto first_check = may_register(request, false);
    if (const auto may = co_await std::move(first_check); !may) co_return may.error();
    auto wanted = parse_new_user(request.body);
    if (!wanted) co_return wanted.error();
    if (wanted->admin && options_.open_registration) {
        auto second_check = may_register(request, true);
        if (const auto may = co_await std::move(second_check); !may) co_return may.error();
    }
    auto make = [password = wanted->password] { return hash_password(password); };
    auto make_task = hash(std::move(make));
    std::string password_hash = co_await std::move(make_task);
    const std::int64_t now = seconds_now();
    const User user{
        .id = Uuid::random(), .name = wanted->name, .admin = wanted->admin, .created_at = now, .changed_at = now};
    auto add = [user, password_hash = std::move(password_hash)](UserStore& store) {
        return store.add(user, password_hash);
    };
    auto add_task = ask_store(std::move(add));
    if (co_await std::move(add_task) == UserStore::Added::taken) co_return name_taken(user.name);
    log::info("user added", {{"user", user.id.to_string()}, {"admin", user.admin ? "true" : "false"}});
    http::Response response = http::json_response(201, to_json(user));
    response.headers.add("Location", user_path(user.name));
    co_return not_stored(std::move(response));
}

Endpoints::Answer Endpoints::list(const http::Request& request) {
    auto check = authenticate_administrator(request);
    if (const auto caller = co_await std::move(check); !caller) co_return caller.error();
    const auto limit = page_size(request);
    if (!limit) {
        co_return wrong_parameters({{"/limit", "must be a whole number from 1 to " + std::to_string(largest_page)}});
    }
    const auto after = request.query.find("after");
    auto read = [limit = *limit, after = after == request.query.end() ? "" : normal_name(after->second)](
                    UserStore& store) { return store.list(limit, after); };
    auto read_task = ask_store(std::move(read));
    const auto users = co_await std::move(read_task);
    std::string body = "{\"users\":[";
    for (const User& user : users) body += (&user == &users.front() ? "" : ",") + to_json(user);
    http::Response response = http::json_response(200, body + "]}");
    if (static_cast<int>(users.size()) == *limit) {
        response.headers.add("Link", "</users?limit=" + std::to_string(*limit) +
                                         "&after=" + http::percent_encode(users.back().name) + ">; rel=\"next\"");
    }
    co_return not_stored(std::move(response));
}

Endpoints::Answer Endpoints::show(const http::Request& request) {
    auto check = authenticate(request);
    const auto caller = co_await std::move(check);
    if (!caller) co_return caller.error();
    const std::string name = normal_name(request.params.at("name"));
    if (name == caller->user.name) co_return not_stored(http::json_response(200, to_json(caller->user)));
    if (!caller->user.admin) co_return forbidden("This is for administrators, and for the user.");
    auto find = [name](UserStore& store) { return store.find_by_name(name); };
    auto find_task = ask_store(std::move(find));
    const auto account = co_await std::move(find_task);
    if (!account) co_return no_such_user(name);
    co_return not_stored(http::json_response(200, to_json(account->user)));
}

Endpoints::Answer Endpoints::remove(const http::Request& request) {
    auto check = authenticate_administrator(request);
    const auto caller = co_await std::move(check);
    if (!caller) co_return caller.error();
    const std::string name = normal_name(request.params.at("name"));
    auto remove = [name, now = seconds_now()](UserStore& store) { return remove_user(store, name, now); };
    auto remove_task = ask_store(std::move(remove));
    const auto removed = co_await std::move(remove_task);
    if (!removed) co_return removed.error();
    log::info("user removed", {{"user", removed->id.to_string()}, {"by", caller->user.id.to_string()}});
    co_return http::Response{204};
}

Endpoints::Answer Endpoints::change_password(const http::Request& request) {
    auto check = authenticate(request);
    const auto caller = co_await std::move(check);
    if (!caller) co_return caller.error();
    const std::string name = normal_name(request.params.at("name"));
    const bool is_own = name == caller->user.name;
    if (!is_own && !caller->user.admin) co_return forbidden("This is for administrators, and for the user.");
    auto wanted = parse_password_change(request.body, name);
    if (!wanted) co_return wanted.error();
    // A token that was left lying about must not be enough to take over its user.
    if (!caller->user.admin) {
        if (!wanted->current_password) co_return invalid_body({{"/current_password", "is missing: a string"}});
        auto verify = check_credentials({name, *wanted->current_password}, request.remote_address);
        const auto account = co_await std::move(verify);
        if (!account && account.error().status == 401) co_return forbidden("current_password is wrong.");
        if (!account) co_return account.error();
    }
    auto make = [password = wanted->password] { return hash_password(password); };
    auto make_task = hash(std::move(make));
    std::string password_hash = co_await std::move(make_task);
    auto change = [name, password_hash = std::move(password_hash),
                   now = seconds_now()](UserStore& store) -> std::optional<Uuid> {
        const auto account = store.find_by_name(name);
        if (!account) return std::nullopt;
        const auto outcome = store.set_password(account->user.id, password_hash, now);
        return outcome == UserStore::Changed::done ? std::optional(account->user.id) : std::nullopt;
    };
    auto change_task = ask_store(std::move(change));
    const auto changed = co_await std::move(change_task);
    if (!changed) co_return no_such_user(name);
    log::info("password changed", {{"user", changed->to_string()}, {"by", caller->user.id.to_string()}});
    co_return http::Response{204};
}

Endpoints::Answer Endpoints::change_rights(const http::Request& request) {
    auto check = authenticate_administrator(request);
    const auto caller = co_await std::move(check);
    if (!caller) co_return caller.error();
    const auto wanted = parse_rights_change(request.body);
    if (!wanted) co_return wanted.error();
    const std::string name = normal_name(request.params.at("name"));
    auto change = [name, admin = wanted->admin, now = seconds_now()](UserStore& store) {
        return set_admin(store, name, admin, now);
    };
    auto change_task = ask_store(std::move(change));
    const auto changed = co_await std::move(change_task);
    if (!changed) co_return changed.error();
    log::info("rights changed",
              {{"user", changed->id.to_string()}, {"admin", wanted->admin}, {"by", caller->user.id.to_string()}});
    co_return http::Response{204};
}

Endpoints::Answer Endpoints::change_notifications(const http::Request& request) {
    auto check = authenticate(request);
    const auto caller = co_await std::move(check);
    if (!caller) co_return caller.error();
    const std::string name = normal_name(request.params.at("name"));
    if (name != caller->user.name && !caller->user.admin) {
        co_return forbidden("This is for administrators, and for the user.");
    }
    const auto wanted = parse_notifications(request.body);
    if (!wanted) co_return wanted.error();
    auto change = [name, wanted = wanted->mail, now = now_ms()](UserStore& store) {
        return set_notifications(store, name, wanted, now);
    };
    auto change_task = ask_store(std::move(change));
    const auto changed = co_await std::move(change_task);
    if (!changed) co_return changed.error();
    co_return http::Response{204};
}

}  // namespace nearline::auth
