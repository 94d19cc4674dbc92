#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

#include "stream/admin.hpp"

namespace nearline::gateway {

/// What gateway-svc can be told.
struct Options {
    std::string group = "nearline-gateway-iris";                ///< that divides reply partitions among gateways
    std::string prediction_group = "nearline-prediction-iris";  ///< whose lag is the backlog
    std::string input_topic = "input-topic";
    std::string output_topic = "output-topic";
    stream::TopicOptions topics{};       ///< for topics that are missing
    std::string stream_name = "stream";  ///< in /readyz and in problems: "kafka"
    std::string registry_name = "schema registry";
    std::string archive_name = "archive";

    std::chrono::milliseconds answer_timeout{5'000};    ///< how long a caller waits who does not say
    std::chrono::milliseconds max_wait{60'000};         ///< of `Prefer: wait=N`
    std::chrono::milliseconds delivery_timeout{4'000};  ///< less than answer_timeout
    std::chrono::milliseconds location_retention = std::chrono::hours(7 * 24);  ///< an older Location is 410

    /// How long the archive keeps a prediction; nothing: for ever. A Location older than that is 410, too.
    std::optional<std::chrono::milliseconds> archive_keep{};
    std::chrono::milliseconds archive_patience{5'000};  ///< how long the archive may take to read something back
    std::chrono::milliseconds repeat_patience{250};     ///< and to say whether a POST is a repeat

    std::size_t max_pending = 10'000;              ///< callers that wait; more is 429
    std::size_t max_late = 100'000;                ///< answers awaited after their caller was told 202 or 504
    std::chrono::milliseconds late_time{600'000};  ///< and for how long
    std::size_t keep_answers = 10'000;             ///< answers seen, for GET /predictions/{id}
    std::size_t keep_bytes = 16 << 20;
    double rate_limit = 0;   ///< requests a second for each user; 0: no limit
    double rate_burst = 50;  ///< so many at once
    /// A longer queue before the model is 503; 0: any length. Never more than half of the input topic's retention.
    std::chrono::milliseconds max_backlog{300'000};

    std::string auth_url{};                       ///< auth-svc; empty: tokens alone decide
    std::chrono::milliseconds auth_keep{30'000};  ///< how long a yes of auth-svc counts
};

}  // namespace nearline::gateway
