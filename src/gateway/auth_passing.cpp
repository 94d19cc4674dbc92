#include "gateway/auth_passing.hpp"

#include <array>
#include <string>
#include <utility>

#include "gateway/responses.hpp"

namespace nearline::gateway {
namespace {

using namespace std::chrono_literals;

// A login computes a hash that is meant to take long, and may wait for others to end theirs.
constexpr auto patience = 15'000ms;

constexpr std::array<std::string_view, 4> request_fields{"Authorization", "Content-Type", "Accept", "traceparent"};
constexpr std::array<std::string_view, 7> response_fields{"Content-Type", "WWW-Authenticate", "Retry-After", "Location",
                                                          "Allow",        "Cache-Control",    "X-Request-Id"};

http::ClientRequest to_auth(const http::Request& request) {
    http::ClientRequest passed;
    passed.method = request.method;
    passed.target = request.path;
    passed.body = request.body;
    passed.timeout = patience;
    for (const auto name : request_fields) {
        if (const auto value = request.headers.find(name)) passed.headers.add(std::string(name), std::string(*value));
    }
    // auth-svc throttles logins by address; it believes this field as far as it trusts this gateway.
    std::string forwarded;
    if (const auto before = request.headers.find("X-Forwarded-For")) forwarded = std::string(*before) + ", ";
    passed.headers.add("X-Forwarded-For", forwarded + request.remote_address);
    return passed;
}

boost::asio::awaitable<http::Response> pass(http::Client& auth, const http::Request& request) {
    std::string why;
    try {
        auto passed = to_auth(request);
        const http::Response answer = co_await auth.send(std::move(passed));
        http::Response response;
        response.status = answer.status;
        response.body = answer.body;
        for (const auto name : response_fields) {
            if (const auto value = answer.headers.find(name)) {
                response.headers.add(std::string(name), std::string(*value));
            }
        }
        co_return response;
    } catch (const Unavailable& error) {
        why = error.what();
    }
    Problem problem{503, "Service Unavailable", "auth-svc does not answer now; try again later."};
    problem.retry_after = 1s;
    co_return problem_response(std::move(problem), request.request_id);
}

}  // namespace

http::Router auth_routes(http::Client& auth) {
    const http::Handler handler = [&auth](const http::Request& request) { return pass(auth, request); };
    return {
        {"POST", "/login", handler, "Log in with Basic authentication; answers the token as text.", ""},
        {"POST", "/validate", handler, "What a token says, if it is valid and its user unchanged.", ""},
        {"POST", "/register", handler, "Make a user (administrators, or anyone with open registration).",
         "application/json"},
        {"PUT", "/users/{name}/notifications", handler,
         "Switch the mail for each prediction on or off; for the user and administrators.", "application/json"},
    };
}

}  // namespace nearline::gateway
