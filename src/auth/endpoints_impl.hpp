#pragma once

#include <chrono>
#include <cstdint>
#include <exception>
#include <type_traits>
#include <utility>

#include "auth/endpoints.hpp"
#include "domain/time.hpp"

/// What endpoints.cpp and user_endpoints.cpp, which implement one class, both need.
namespace nearline::auth {

inline std::int64_t seconds_now() {
    return std::chrono::duration_cast<std::chrono::seconds>(wall_now().time_since_epoch()).count();
}

/// There is more to do than can wait for its turn.
class Busy : public std::exception {
public:
    const char* what() const noexcept override { return "too many requests wait already"; }
};

/// Tokens and users are nobody's to keep on the way.
inline http::Response not_stored(http::Response response) {
    response.headers.set("Cache-Control", "no-store");
    return response;
}

template <class Work>
boost::asio::awaitable<std::invoke_result_t<Work&, UserStore&>> Endpoints::ask_store(Work work) {
    if (!watch_.is_prepared()) throw Unavailable("the users' database has not answered since the start");
    auto job = [this, work = std::move(work)]() mutable { return work(store_); };
    auto task = database_.try_run(std::move(job));
    auto result = co_await std::move(task);
    if (!result) throw Busy();
    co_return *std::move(result);
}

template <class Work>
boost::asio::awaitable<std::invoke_result_t<Work&>> Endpoints::hash(Work work) {
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

}  // namespace nearline::auth
