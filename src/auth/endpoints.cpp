#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <thread>
#include <utility>

#include "auth/endpoints_impl.hpp"
#include "auth/passwords.hpp"
#include "auth/refusals.hpp"
#include "domain/json.hpp"

namespace nearline::auth {
namespace {

namespace asio = boost::asio;

std::size_t threads_for_hashes(const ServiceOptions& options) {
    if (options.hash_threads > 0) return options.hash_threads;
    return std::max(1U, std::thread::hardware_concurrency());
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

}  // namespace nearline::auth
