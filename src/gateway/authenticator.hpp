#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <string_view>

#include "domain/claims.hpp"
#include "domain/problem.hpp"
#include "gateway/token_cache.hpp"
#include "http/client.hpp"
#include "http/message.hpp"
#include "runtime/health.hpp"
#include "token/jwt.hpp"

namespace nearline::gateway {

/// Who asks: verifies the token itself and, where there is an auth-svc, asks it whether the user is still
/// there and unchanged. A yes counts for a while; a no, or no answer, lets nobody in. On the loop's thread.
class Authenticator {
public:
    /// `auth`: null where tokens alone decide.
    Authenticator(const token::Jwt& jwt, http::Client* auth, Health& health, std::chrono::milliseconds keep_time);

    /// The claims, with admin as the database has it; a 401, or a 503 while auth-svc does not answer.
    boost::asio::awaitable<Result<Claims>> check(const http::Request& request);

    /// Asks auth-svc of a user that nobody is, where it did not answer last: so that /readyz tells when it is back,
    /// also when nobody has a token to be asked about. Goes all the way to the users' database, as a real question
    /// does.
    boost::asio::awaitable<void> ask_whether_it_is_back();

private:
    boost::asio::awaitable<Result<Claims>> ask(std::string_view token, const Claims& verified);
    void answers();

    const token::Jwt& jwt_;
    http::Client* auth_;
    Health& health_;
    TokenCache cache_;
    bool is_down_ = false;
};

}  // namespace nearline::gateway
