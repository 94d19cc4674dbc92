#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "domain/claims.hpp"
#include "domain/problem.hpp"
#include "domain/uuid.hpp"
#include "gateway/answer.hpp"
#include "gateway/pending.hpp"
#include "http/message.hpp"

/// What the gateway's decisions look like in HTTP.
namespace nearline::gateway {

/// "/predictions/{id}"
std::string prediction_path(std::string_view id);

/// 200 with the prediction, or the failure as a problem with its status.
http::Response answer_response(const Answer& answer);

/// 202: stored, and its result will be at this location.
http::Response accepted_response(const Uuid& request_id, const std::string& location);

/// The problem with this request id, unless it has one, and X-Request-Id.
http::Response problem_response(Problem problem, const std::string& request_id);

/// 503 with Retry-After: not accepted, nothing was stored.
Problem not_accepted(const std::string& why, std::chrono::seconds retry_after = std::chrono::seconds(1));

/// 413 or 503 for what the stream rejected, 504 for what it did not confirm in time.
/// Precondition: rejected or unknown.
Problem not_stored(const Ending& ending, const Uuid& request_id);

Problem too_many(const std::string& what, std::chrono::seconds retry_after);
/// 422: the same Idempotency-Key came with another body.
Problem other_body();
/// 410: past retention.
Problem gone();
/// 404; `archived`: there is an archive, and it has none.
Problem no_such_prediction(bool archived);
/// 404: that was never an id.
Problem no_prediction_id();
/// 404: there is nothing to list predictions from.
Problem no_archive();

}  // namespace nearline::gateway
