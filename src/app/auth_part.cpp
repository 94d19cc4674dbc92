#include "app/auth_part.hpp"

#include "app/demo_users.hpp"

namespace nearline::app {

namespace {

auth::ServiceOptions to_service_options(const AuthOptions& options, const ListenOptions& listen, ReadyGate& ready) {
    auth::ServiceOptions service;
    service.open_registration = options.open_registration;
    service.token_lifetime = std::chrono::duration_cast<std::chrono::seconds>(options.token_lifetime);
    service.check = [address = listen.address, is_open = options.open_registration](auth::UserStore& store) {
        demo_users::refuse_where_open(store, address, is_open);
    };
    service.on_ready = [&ready] { ready.part_ready(); };
    return service;
}

}  // namespace

void declare(Settings& settings, AuthOptions& options) {
    settings.group("Logins");
    settings.add("--open-registration", "NEARLINE_OPEN_REGISTRATION", options.open_registration,
                 "anyone may register; else administrators alone may add users");
    settings.add("--token-lifetime", "NEARLINE_TOKEN_LIFETIME", options.token_lifetime, "how long a token is good for",
                 {1'000, 30 * 24 * 3'600'000.0});
}

std::unique_ptr<auth::UserStore> open_users(const UsersOptions& options) {
    try {
        return auth::make_user_store(options.users, options.mysql_password.value_or(""));
    } catch (const std::invalid_argument& e) {
        throw ConfigurationError(std::string("--users: ") + e.what());
    }
}

AuthPart::AuthPart(Process& process, ReadyGate& ready, const AuthOptions& options, auth::UserStore& store,
                   const token::Jwt& jwt, const ListenOptions& listen, int port, const std::string& port_flag)
    : service_(to_service_options(options, listen, ready), store, jwt, process.metrics, process.health),
      server_(make_server(loop_, process, "auth", listen, port, port_flag, service_.routes())) {}

void AuthPart::add_to(Lifecycle& lifecycle) {
    lifecycle.add({"event loop of auth", [this] { loop_.start(); }, [](auto) {}, [this] { loop_.stop(); }});
    lifecycle.add({.name = "auth", .stop = [this] { service_.stop(); }});
    lifecycle.add(server_part(*server_, "auth"));
    // It listens first: a database that does not answer takes its time to say so, and callers are told meanwhile.
    lifecycle.add({.name = "users of auth", .start = [this] { service_.start(); }});
}

}  // namespace nearline::app
