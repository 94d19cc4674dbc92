#include "http/router.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <stdexcept>

#include "http/text.hpp"

namespace nearline::http {
namespace {

constexpr std::size_t most_segments = 16;

/// "/a/b" is {"a", "b"}, "/" is {""}; more segments than any pattern may have give nothing.
struct Path {
    std::array<std::string_view, most_segments> segments;
    std::size_t size = 0;
};

std::optional<Path> split(std::string_view path) {
    if (path.empty() || path.front() != '/') return std::nullopt;
    Path result;
    for (;;) {
        path.remove_prefix(1);
        if (result.size == most_segments) return std::nullopt;
        const auto slash = path.find('/');
        result.segments[result.size++] = path.substr(0, slash);
        if (slash == std::string_view::npos) return result;
        path.remove_prefix(slash);
    }
}

void insert_sorted(std::vector<std::string>& methods, std::string_view method) {
    const auto place = std::lower_bound(methods.begin(), methods.end(), method);
    if (place == methods.end() || *place != method) methods.emplace(place, method);
}

constexpr std::size_t most_listed_paths = 16;
constexpr std::size_t most_quoted = 120;

std::string quoted(std::string_view text) {
    return text.size() <= most_quoted ? std::string(text) : std::string(text.substr(0, most_quoted)) + "…";
}

}  // namespace

Router::Router(std::initializer_list<Route> routes) {
    for (const auto& route : routes) add(route);
}

void Router::add(Route route) {
    const auto bad = [&](const std::string& why) {
        return std::invalid_argument("route " + route.method + ' ' + route.pattern + ": " + why);
    };
    if (!is_token(route.method)) throw bad("no method");
    if (!route.handler) throw bad("no handler");
    const auto path = split(route.pattern);
    if (!path) throw bad("a pattern starts with / and has at most 16 segments");
    Pattern pattern;
    for (std::size_t i = 0; i < path->size; ++i) {
        const auto text = path->segments[i];
        const bool is_name = text.size() > 2 && text.front() == '{' && text.back() == '}';
        pattern.push_back({is_name, std::string(is_name ? text.substr(1, text.size() - 2) : text)});
    }
    for (const auto& other : routes_)
        if (other.method == route.method && other.pattern == route.pattern) throw bad("is there already");
    routes_.push_back(std::move(route));
    patterns_.push_back(std::move(pattern));
}

void Router::add(const Router& others) {
    for (const auto& route : others.routes_) add(route);
}

Router::Match Router::match(std::string_view method, std::string_view path) const {
    Match result;
    const auto parts = split(path);
    if (!parts) return result;
    const auto fits = [&](const Pattern& pattern) {
        if (pattern.size() != parts->size) return false;
        for (std::size_t i = 0; i < pattern.size(); ++i)
            if (pattern[i].is_name ? parts->segments[i].empty() : parts->segments[i] != pattern[i].text) return false;
        return true;
    };
    const auto names = [](const Pattern& pattern) {
        return std::count_if(pattern.begin(), pattern.end(), [](const Segment& segment) { return segment.is_name; });
    };
    const auto answers = [&](const Route& route) {
        return route.method == method || (method == "HEAD" && route.method == "GET");
    };
    const Pattern* chosen = nullptr;
    for (std::size_t i = 0; i < routes_.size(); ++i) {
        if (!answers(routes_[i]) || !fits(patterns_[i])) continue;
        if (chosen && names(patterns_[i]) >= names(*chosen)) continue;
        chosen = &patterns_[i];
        result.route = &routes_[i];
    }
    if (!chosen) {
        for (std::size_t i = 0; i < routes_.size(); ++i) {
            if (!fits(patterns_[i])) continue;
            insert_sorted(result.allowed, routes_[i].method);
            insert_sorted(result.allowed, "OPTIONS");
            if (routes_[i].method == "GET") insert_sorted(result.allowed, "HEAD");
        }
        return result;
    }
    for (std::size_t i = 0; i < chosen->size(); ++i) {
        if (!(*chosen)[i].is_name) continue;
        auto value = percent_decode(parts->segments[i]);
        if (!value) return {};
        result.params.insert_or_assign((*chosen)[i].text, std::move(*value));
    }
    return result;
}

Problem Router::refusal(std::string_view method, std::string_view path, const Match& match) const {
    if (!match.allowed.empty())
        return {405, "Method Not Allowed",
                quoted(path) + " does not take " + quoted(method) + ", but " + allow_header(match.allowed) + '.'};
    std::string detail = "There is no " + quoted(path) + " here.";
    std::set<std::string> known;
    for (const auto& route : routes_) known.insert(route.pattern);
    if (known.size() <= most_listed_paths) {
        detail += known.empty() ? "" : " What there is:";
        for (const auto& route : routes_)
            detail += (&route == &routes_.front() ? " " : ", ") + route.method + ' ' + route.pattern;
    }
    return {404, "Not Found", std::move(detail)};
}

std::string allow_header(const std::vector<std::string>& methods) {
    std::string text;
    for (const auto& method : methods) text += (text.empty() ? "" : ", ") + method;
    return text;
}

Router operations_routes(const Health& health, const Metrics& metrics) {
    const auto report = [](Health::Report report) { return json_response(report.status, std::move(report.body)); };
    return {
        {"GET", "/healthz",
         [&health, report](const Request&) -> boost::asio::awaitable<Response> { co_return report(health.healthz()); },
         "Whether the process is alive and makes progress."},
        {"GET", "/readyz",
         [&health, report](const Request&) -> boost::asio::awaitable<Response> { co_return report(health.readyz()); },
         "Whether it could do its work, and which dependency is missing now."},
        {"GET", "/metrics",
         [&metrics](const Request&) -> boost::asio::awaitable<Response> {
             co_return Response{200, {{"Content-Type", std::string(Metrics::content_type)}}, metrics.exposition()};
         },
         "Metrics in the Prometheus text format."},
    };
}

}  // namespace nearline::http
