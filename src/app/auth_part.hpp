#pragma once

#include <memory>

#include "app/options.hpp"
#include "app/process.hpp"
#include "auth/service.hpp"
#include "auth/user_store.hpp"
#include "http/event_loop.hpp"
#include "token/jwt.hpp"

namespace nearline::app {

struct AuthOptions {
    bool open_registration = false;
    std::chrono::milliseconds token_lifetime = std::chrono::hours(24);
};
void declare(Settings& settings, AuthOptions& options);

/// Connects to nothing yet. Throws ConfigurationError.
std::unique_ptr<auth::UserStore> open_users(const UsersOptions& options);

/// auth-svc in a process: its service, and its server on a loop of its own. Where others reach it, it does not start
/// on users who have a password that everyone knows (demo_users): ConfigurationError.
class AuthPart {
public:
    /// Binds the port. `process`, `store` and `jwt` must outlive it.
    AuthPart(Process& process, ReadyGate& ready, const AuthOptions& options, auth::UserStore& store,
             const token::Jwt& jwt, const ListenOptions& listen, int port, const std::string& port_flag);

    void add_to(Lifecycle& lifecycle);
    std::string url() const { return server_->url(); }

private:
    http::EventLoop loop_{"auth"};
    auth::Service service_;
    std::unique_ptr<http::Server> server_;
};

}  // namespace nearline::app
