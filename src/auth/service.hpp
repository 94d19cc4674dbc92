#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>

#include "auth/login_throttle.hpp"
#include "auth/user_store.hpp"
#include "http/router.hpp"
#include "runtime/health.hpp"
#include "runtime/metrics.hpp"
#include "token/jwt.hpp"

namespace nearline::auth {

struct ServiceOptions {
    bool open_registration = false;  ///< anyone may register, not administrators alone
    std::chrono::seconds token_lifetime = std::chrono::hours(24);
    std::size_t hash_threads = 0;          ///< password hashes at a time, 19 MiB each; 0: one for each core
    std::size_t most_waiting_hashes = 64;  ///< more are refused with 503
    std::size_t database_threads = 4;
    std::size_t most_waiting_database = 256;  ///< more are refused with 503
    ThrottleOptions throttle{};
    /// May refuse a store whose tables are there, by throwing, before anybody is logged in from it.
    std::function<void(UserStore&)> check = [](UserStore&) {};
    /// It could do its work: the store's tables are there. Once, on any thread.
    std::function<void()> on_ready = [] {};
};

/// auth-svc: logs users in, says what a token is worth, and keeps users. Password hashes and database
/// calls run on threads of its own, never on the loop.
///
/// The order in main: make the service; start(); serve routes() on one event loop; and at the end: stop
/// the server, then the service, then the loop. `store`, `jwt`, `metrics` and `health` must outlive it.
class Service {
public:
    Service(const ServiceOptions& options, UserStore& store, const token::Jwt& jwt, Metrics& metrics, Health& health);
    /// As stop().
    ~Service();
    Service(const Service&) = delete;
    Service& operator=(const Service&) = delete;

    /// Prepares the store and watches it from then on. A store that is unavailable is waited for in the
    /// background, while requests get 503 and Health names it; what waiting can't help throws, and so does
    /// ServiceOptions::check. One that is refused after it was waited for is named by Health until it is not.
    void start();

    /// The table of calls; the content type of bodies is checked by the server. For one loop at a time.
    http::Router routes();

    /// Waits for the work under way on its threads and ends them. Blocks; not from the loop's thread.
    void stop();

private:
    struct Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace nearline::auth
