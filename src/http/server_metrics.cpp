#include "http/server_metrics.hpp"

#include <algorithm>
#include <array>

namespace nearline::http {
namespace {

/// The method as a label: whatever a client makes up is "other". The views live for ever.
std::string_view bounded(std::string_view method) noexcept {
    static constexpr std::array<std::string_view, 7> known{"GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"};
    const auto found = std::find(known.begin(), known.end(), method);
    return found == known.end() ? std::string_view("other") : *found;
}

}  // namespace

ServerMetrics::ServerMetrics(Metrics& metrics, std::string service)
    : metrics_(metrics),
      service_(std::move(service)),
      connections_(metrics.gauge("nearline_http_connections", "Open HTTP connections.", {{"service", service_}})) {}

void ServerMetrics::answered(std::string_view route, std::string_view method, int status,
                             std::chrono::nanoseconds took) {
    const Key key{route.data(), bounded(method), status};
    auto counter = requests_.find(key);
    if (counter == requests_.end())
        counter = requests_
                      .emplace(key, metrics_.counter("nearline_http_requests_total", "Answered HTTP requests.",
                                                     {{"service", service_},
                                                      {"method", std::string(key.method)},
                                                      {"route", std::string(route)},
                                                      {"status", std::to_string(status)}}))
                      .first;
    counter->second.add();
    auto duration = durations_.find(route.data());
    if (duration == durations_.end())
        duration =
            durations_
                .emplace(route.data(), metrics_.histogram("nearline_http_request_duration_seconds",
                                                          "From a request's header to its answer, in seconds.",
                                                          {{"service", service_}, {"route", std::string(route)}}))
                .first;
    duration->second.observe(std::chrono::duration<double>(took).count());
}

}  // namespace nearline::http
