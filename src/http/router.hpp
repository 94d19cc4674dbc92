#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.hpp"
#include "runtime/health.hpp"
#include "runtime/metrics.hpp"

namespace nearline::http {

/// Answers a request on the loop's thread; must not block. What it throws becomes 503 (Unavailable) or
/// 500, without the details of the exception in the answer. The request lives until the answer is there.
using Handler = std::function<boost::asio::awaitable<Response>(const Request&)>;

struct Route {
    std::string method;   ///< GET also answers HEAD
    std::string pattern;  ///< "/users/{name}/password"; a {name} matches one non-empty segment
    Handler handler;
    std::string summary{};       ///< a sentence, for /openapi.json and the index
    std::string content_type{};  ///< what a body must be, else 415; empty: anything
};

/// Routes as a table. Where several patterns fit a path, the one with the fewest {names} answers. Gives
/// 404 (with the paths there are, when it is short), 405 with Allow. Not to be changed while a server uses it.
class Router {
public:
    Router() = default;
    Router(std::initializer_list<Route> routes);
    /// Throws std::invalid_argument for a pattern that is none, or a second route of the same method and
    /// pattern.
    void add(Route route);
    void add(const Router& others);
    const std::vector<Route>& routes() const noexcept { return routes_; }

    struct Match {
        const Route* route = nullptr;
        std::map<std::string, std::string> params{};
        std::vector<std::string> allowed{};  ///< for 405; both empty: 404
    };
    /// `path` without the query, as sent (still percent-encoded).
    Match match(std::string_view method, std::string_view path) const;

    /// 404 or 405 for a match without a route.
    Problem refusal(std::string_view method, std::string_view path, const Match& match) const;

private:
    struct Segment {
        bool is_name;
        std::string text;
    };
    using Pattern = std::vector<Segment>;
    std::vector<Route> routes_;
    std::vector<Pattern> patterns_;  // of routes_, by index
};

/// The methods as the value of an Allow header.
std::string allow_header(const std::vector<std::string>& methods);

/// GET /healthz, /readyz, /metrics, as every service has them. Both must outlive the server.
Router operations_routes(const Health& health, const Metrics& metrics);

}  // namespace nearline::http
