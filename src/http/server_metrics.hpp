#pragma once

#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "runtime/metrics.hpp"

namespace nearline::http {

/// The metrics of one server. Labels are bounded: a route is its pattern, never a path. For the loop's thread.
class ServerMetrics {
public:
    ServerMetrics(Metrics& metrics, std::string service);

    void opened() const noexcept { connections_.add(1); }
    void closed() const noexcept { connections_.add(-1); }
    /// `route`: the pattern that matched, "unmatched" or "malformed"; must live as long as this object.
    void answered(std::string_view route, std::string_view method, int status, std::chrono::nanoseconds took);

private:
    // The instruments by what varies, so that a request makes no label map.
    struct Key {
        const void* route;
        std::string_view method;
        int status;
        auto operator<=>(const Key&) const = default;
    };
    Metrics& metrics_;
    std::string service_;
    Gauge connections_;
    std::map<Key, Counter> requests_;
    std::map<const void*, Histogram> durations_;
};

}  // namespace nearline::http
