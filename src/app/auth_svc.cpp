#include "app/auth_part.hpp"
#include "app/folder_locks.hpp"
#include "app/options.hpp"
#include "app/process.hpp"
#include "runtime/log.hpp"

namespace nearline::app {
namespace {

struct Options {
    AuthOptions auth;
    UsersOptions users;
    ListenOptions listen;
    int port = 5000;
    ProcessOptions process;
    std::optional<std::string> jwt_secret;
};

int serve(const Options& options) {
    FolderLocks locks;
    locks.hold_file(options.users.users);
    Process process;
    ReadyGate ready(process.health, 1);
    const token::Jwt jwt(*options.jwt_secret);
    const auto users = open_users(options.users);
    AuthPart auth(process, ready, options.auth, *users, jwt, options.listen, options.port, "--port");
    Lifecycle lifecycle;
    auth.add_to(lifecycle);
    return run(process, lifecycle, options.process);
}

int main(int argc, const char* const* argv) {
    Options options;
    options.listen.address = "0.0.0.0";
    options.users.users = "sqlite:./data/users.db";
    Settings settings("auth-svc", "Logs users in, says what a token is worth, and keeps users. Part of Nearline.");
    declare(settings, options.users);
    declare(settings, options.auth);
    declare(settings, options.listen);
    declare_port(settings, "--port", "NEARLINE_AUTH_PORT", options.port, "port to listen on");
    declare(settings, options.process);
    declare_jwt_secret(settings, options.jwt_secret, true);
    return load_and_serve(settings, argc, argv, options.process, [&] { return serve(options); });
}

}  // namespace
}  // namespace nearline::app

int main(int argc, char** argv) {
    return nearline::app::guarded("auth-svc", [&] { return nearline::app::main(argc, argv); });
}
