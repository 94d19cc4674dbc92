#pragma once

#include "http/client.hpp"
#include "http/server.hpp"

namespace nearline::gateway {

/// POST /login, /register and /validate, and PUT /users/{name}/notifications, which mails speak of: passed on to
/// auth-svc, so that a browser needs one origin. `auth` must outlive the routes' use.
http::Router auth_routes(http::Client& auth);

}  // namespace nearline::gateway
