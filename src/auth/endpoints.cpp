#include "auth/endpoints.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <charconv>
#include <thread>
#include <utility>

#include "auth/passwords.hpp"
#include "auth/refusals.hpp"
#include "auth/user_admin.hpp"
#include "auth/user_requests.hpp"
#include "domain/json.hpp"
#include "domain/time.hpp"
#include "domain/wrong_parameters.hpp"
#include "http/text.hpp"
#include "runtime/log.hpp"

namespace nearline::auth {
namespace {

namespace asio = boost::asio;

constexpr int default_page = 100;
constexpr int largest_page = 1'000;

std::int64_t seconds_now() {
    return std::chrono::duration_cast<std::chrono::seconds>(wall_now().time_since_epoch()).count();
}

std::size_t threads_for_hashes(const ServiceOptions& options) {
    if (options.hash_threads > 0) return options.hash_threads;
    return std::max(1U, std::thread::hardware_concurrency());
}

// There is more to do than can wait for its turn.
class Busy : public std::exception {
public:
    const char* what() const noexcept override { return "too many requests wait already"; }
};

// Tokens and users are nobody's to keep on the way.
http::Response not_stored(http::Response response) {
    response.headers.set("Cache-Control", "no-store");
    return response;
}

std::string user_path(std::string_view name) {
    return "/users/" + http::percent_encode(name);
}

// Nothing for what is no such number.
std::optional<int> page_size(const http::Request& request) {
    const auto found = request.query.find("limit");
    if (found == request.query.end()) return default_page;
    const std::string& text = found->second;
    int limit = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), limit);
    const bool is_number = error == std::errc() && end == text.data() + text.size();
    return is_number && limit >= 1 && limit <= largest_page ? std::optional(limit) : std::nullopt;
}

}  // namespace

Endpoints::Endpoints(const ServiceOptions& options, UserStore& store, const token::Jwt& jwt, Metrics& metrics,
                     StoreWatch& watch)
    : options_(options),
      store_(store),
      jwt_(jwt),
      metrics_(metrics),
      watch_(watch),
      hash_seconds_(
          metrics.histogram("nearline_auth_hash_seconds", "Time to hash or verify a password, without waiting.")),
      throttle_(options.throttle),
      hashing_(threads_for_hashes(options), options.most_waiting_hashes,
               metrics.gauge("nearline_auth_hash_queue", "Password hashes that run or wait.")),
      database_(options.database_threads, options.most_waiting_database,
                metrics.gauge("nearline_auth_database_queue", "Calls to the users' database that run or wait.")) {
    for (const char* const result : {"success", "wrong", "malformed", "throttled", "busy", "unavailable"}) {
        metrics_.counter("nearline_auth_logins_total", "Logins by result.", {{"result", result}});
    }
}

void Endpoints::join() {
    hashing_.join();
    database_.join();
}

void Endpoints::count_login(const char* result) const {
    metrics_.counter("nearline_auth_logins_total", "Logins by result.", {{"result", result}}).add();
}

template <class Work>
asio::awaitable<std::invoke_result_t<Work&, UserStore&>> Endpoints::ask_store(Work work) {
    if (!watch_.is_prepared()) throw Unavailable("the users' database has not answered since the start");
    auto job = [this, work = std::move(work)]() mutable { return work(store_); };
    auto task = database_.try_run(std::move(job));
    auto result = co_await std::move(task);
    if (!result) throw Busy();
    co_return *std::move(result);
}

template <class Work>
asio::awaitable<std::invoke_result_t<Work&>> Endpoints::hash(Work work) {
    auto job = [this, work = std::move(work)]() mutable {
        const auto start = std::chrono::steady_clock::now();
        auto value = work();
        hash_seconds_.observe(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
        return value;
    };
    auto task = hashing_.try_run(std::move(job));
    auto result = co_await std::move(task);
    if (!result) throw Busy();
    co_return *std::move(result);
}

asio::awaitable<http::Response> Endpoints::run(Call call, const http::Request& request) {
    Problem problem;
    try {
        auto task = (this->*call)(request);
        auto answer = co_await std::move(task);
        if (answer) co_return *std::move(answer);
        problem = answer.error();
    } catch (const Busy& error) {
        problem = unavailable("Too many requests wait already; try again in a moment.");
    } catch (const Unavailable& error) {
        watch_.report_unavailable(error.what());
        problem = unavailable("The users' database does not answer; try again in a moment.");
    }
    problem.request_id = request.request_id;
    co_return not_stored(http::to_response(problem));
}

asio::awaitable<Result<Endpoints::Caller>> Endpoints::authenticate(const http::Request& request) {
    const auto token = token::bearer_token(request.headers.find("Authorization"));
    if (!token) co_return token.error();
    const auto claims = jwt_.verify(*token, seconds_now());
    if (!claims) co_return claims.error();
    auto find = [id = claims->subject](UserStore& store) { return store.find_by_id(id); };
    auto task = ask_store(std::move(find));
    const auto user = co_await std::move(task);
    if (!user || user->name != claims->username) co_return void_token("The token's user is no more.");
    if (claims->iat < user->changed_at) {
        co_return void_token("Password or rights of the user have changed since the token was made: log in again.");
    }
    co_return Caller{*user, *claims};
}

asio::awaitable<Result<Endpoints::Caller>> Endpoints::authenticate_administrator(const http::Request& request) {
    auto task = authenticate(request);
    auto caller = co_await std::move(task);
    if (caller && !caller->user.admin) co_return forbidden("This is for administrators.");
    co_return caller;
}

asio::awaitable<Result<Account>> Endpoints::check_credentials(Credentials credentials, std::string address) {
    const auto wait = throttle_.wait(credentials.name, address, std::chrono::steady_clock::now());
    if (wait) co_return too_many_failures(*wait);
    auto find = [name = credentials.name](UserStore& store) { return store.find_by_name(name); };
    auto find_task = ask_store(std::move(find));
    auto account = co_await std::move(find_task);
    // The same work for a name that nobody has: the time must not tell.
    auto verify = [hash = account ? account->password_hash : nobodys_hash(), password = credentials.password] {
        return verify_password(hash, password);
    };
    auto verify_task = hash(std::move(verify));
    const bool is_right = co_await std::move(verify_task);
    if (!account || !is_right) {
        throttle_.failed(credentials.name, address, std::chrono::steady_clock::now());
        co_return wrong_credentials();
    }
    throttle_.succeeded(credentials.name, address);
    co_return *std::move(account);
}

asio::awaitable<void> Endpoints::rehash(Account account, std::string password) {
    try {
        auto make = [password = std::move(password)] { return hash_password(password); };
        auto make_task = hash(std::move(make));
        const std::string after = co_await std::move(make_task);
        auto replace = [id = account.user.id, before = account.password_hash, after](UserStore& store) {
            store.replace_hash(id, before, after);
            return true;
        };
        auto replace_task = ask_store(std::move(replace));
        co_await std::move(replace_task);
    } catch (const Busy&) {
        // The next login can do it; this one has succeeded.
    } catch (const Unavailable& error) {
        watch_.report_unavailable(error.what());
    }
}

asio::awaitable<std::string> Endpoints::make_token(User user) {
    // Right after a change, a token made now would be void: its iat is that of tokens from before. So it
    // is made in the next second; for a database whose clock is far ahead of ours, iat says the change's.
    if (seconds_now() < user.changed_at) {
        const auto next_second = std::chrono::ceil<std::chrono::seconds>(wall_now());
        asio::steady_timer timer(co_await asio::this_coro::executor, next_second - wall_now());
        co_await timer.async_wait(asio::use_awaitable);
    }
    const std::int64_t now = std::max(seconds_now(), user.changed_at);
    co_return jwt_.sign({.username = user.name,
                         .exp = now + options_.token_lifetime.count(),
                         .iat = now,
                         .admin = user.admin,
                         .subject = user.id});
}

Endpoints::Answer Endpoints::login(const http::Request& request) {
    auto credentials = parse_basic_credentials(request.headers.find("Authorization"));
    if (!credentials) {
        count_login("malformed");
        co_return credentials.error();
    }
    const std::string password = credentials->password;
    try {
        auto check = check_credentials(*std::move(credentials), request.remote_address);
        const auto account = co_await std::move(check);
        if (!account) {
            count_login(account.error().status == 429 ? "throttled" : "wrong");
            co_return account.error();
        }
        if (needs_rehash(account->password_hash)) {
            auto task = rehash(*account, password);
            co_await std::move(task);
        }
        auto make = make_token(account->user);
        const std::string token = co_await std::move(make);
        count_login("success");
        co_return not_stored({200, {{"Content-Type", "text/plain"}}, token});
    } catch (const Busy&) {
        count_login("busy");
        throw;
    } catch (const Unavailable&) {
        count_login("unavailable");
        throw;
    }
}

Endpoints::Answer Endpoints::validate(const http::Request& request) {
    auto task = authenticate(request);
    const auto caller = co_await std::move(task);
    if (!caller) co_return caller.error();
    const auto& [user, claims] = *caller;
    co_return not_stored(http::json_response(
        200, std::string("{\"admin\":") + (user.admin ? "true" : "false") + ",\"exp\":" + std::to_string(claims.exp) +
                 ",\"iat\":" + std::to_string(claims.iat) + ",\"username\":" + quote_json(user.name) + "}"));
}

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
    auto change = [name, wanted = wanted->mail](UserStore& store) -> bool {
        const auto account = store.find_by_name(name);
        return account && store.set_notifications(account->user.id, wanted) == UserStore::Changed::done;
    };
    auto change_task = ask_store(std::move(change));
    if (!co_await std::move(change_task)) co_return no_such_user(name);
    co_return http::Response{204};
}

}  // namespace nearline::auth
