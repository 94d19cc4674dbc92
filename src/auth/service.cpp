#include "auth/service.hpp"

#include "auth/endpoints.hpp"
#include "auth/passwords.hpp"
#include "auth/store_watch.hpp"

namespace nearline::auth {

struct Service::Impl {
    Impl(const ServiceOptions& options, UserStore& store, const token::Jwt& jwt, Metrics& metrics, Health& health)
        : watch(store, health, options.on_ready, [&store, check = options.check] { check(store); }),
          endpoints(options, store, jwt, metrics, watch) {}
    StoreWatch watch;
    Endpoints endpoints;
};

Service::Service(const ServiceOptions& options, UserStore& store, const token::Jwt& jwt, Metrics& metrics,
                 Health& health)
    : impl_(std::make_shared<Impl>(options, store, jwt, metrics, health)) {}

Service::~Service() {
    stop();
}

void Service::start() {
    impl_->watch.start();
    nobodys_hash();  // now, or the first unknown name would take twice as long
}

http::Router Service::routes() {
    const auto call = [impl = impl_](Endpoints::Call endpoint) -> http::Handler {
        return [impl, endpoint](const http::Request& request) { return impl->endpoints.run(endpoint, request); };
    };
    constexpr auto json = "application/json";
    return {
        {"POST", "/login", call(&Endpoints::login), "Name and password (HTTP Basic) for a token."},
        {"POST", "/validate", call(&Endpoints::validate), "What a token (Bearer) is worth now: its four claims."},
        {"POST", "/register", call(&Endpoints::register_user),
         "Adds a user: {\"username\",\"password\"}; an administrator may add \"admin\": true.", json},
        {"GET", "/users", call(&Endpoints::list), "All users by name, ?limit= and ?after=NAME; for administrators."},
        {"GET", "/users/{name}", call(&Endpoints::show), "One user; for the user and administrators."},
        {"DELETE", "/users/{name}", call(&Endpoints::remove), "Removes a user; for administrators."},
        {"PUT", "/users/{name}/password", call(&Endpoints::change_password),
         "Changes a password, which voids the user's tokens: {\"password\"}, and \"current_password\" unless an "
         "administrator asks.",
         json},
        {"PUT", "/users/{name}/admin", call(&Endpoints::change_rights),
         "Makes an administrator, or no more one, which voids the user's tokens: {\"admin\": true} or {\"admin\": "
         "false}; for administrators.",
         json},
        {"PUT", "/users/{name}/notifications", call(&Endpoints::change_notifications),
         "Switches the mail for each prediction on or off: {\"mail\": true} or {\"mail\": false}; for the user and "
         "administrators.",
         json},
    };
}

void Service::stop() {
    impl_->watch.stop();
    impl_->endpoints.join();
}

}  // namespace nearline::auth
