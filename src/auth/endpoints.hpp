#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>
#include <string>

#include "auth/basic_credentials.hpp"
#include "auth/login_throttle.hpp"
#include "auth/service.hpp"
#include "auth/store_watch.hpp"
#include "http/message.hpp"
#include "http/worker_pool.hpp"

namespace nearline::auth {

/// The calls of auth-svc as coroutines on one loop; for service.cpp.
class Endpoints {
public:
    Endpoints(const ServiceOptions& options, UserStore& store, const token::Jwt& jwt, Metrics& metrics,
              StoreWatch& watch);

    using Answer = boost::asio::awaitable<Result<http::Response>>;
    Answer login(const http::Request& request);
    Answer validate(const http::Request& request);
    Answer register_user(const http::Request& request);
    Answer list(const http::Request& request);
    Answer show(const http::Request& request);
    Answer remove(const http::Request& request);
    Answer change_password(const http::Request& request);
    Answer change_rights(const http::Request& request);
    Answer change_notifications(const http::Request& request);

    /// Runs a call and turns what went wrong into problems; the request is the one it was made of.
    using Call = Answer (Endpoints::*)(const http::Request&);
    boost::asio::awaitable<http::Response> run(Call call, const http::Request& request);

    /// Ends the threads.
    void join();

private:
    /// What a caller has shown to be.
    struct Caller {
        User user;
        Claims claims;
    };
    boost::asio::awaitable<Result<Caller>> authenticate(const http::Request& request);
    boost::asio::awaitable<Result<Caller>> authenticate_administrator(const http::Request& request);
    boost::asio::awaitable<Result<void>> may_register(const http::Request& request, bool as_administrator);
    boost::asio::awaitable<Result<Account>> check_credentials(Credentials credentials, std::string address);
    boost::asio::awaitable<void> rehash(Account account, std::string password);
    boost::asio::awaitable<std::string> make_token(User user);

    template <class Work>
    boost::asio::awaitable<std::invoke_result_t<Work&, UserStore&>> ask_store(Work work);
    template <class Work>
    boost::asio::awaitable<std::invoke_result_t<Work&>> hash(Work work);
    void count_login(const char* result) const;

    const ServiceOptions options_;
    UserStore& store_;
    const token::Jwt& jwt_;
    Metrics& metrics_;
    StoreWatch& watch_;
    Histogram hash_seconds_;
    LoginThrottle throttle_;
    http::WorkerPool hashing_;
    http::WorkerPool database_;
};

}  // namespace nearline::auth
