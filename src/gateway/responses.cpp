#include "gateway/responses.hpp"

#include "domain/json.hpp"
#include "http/text.hpp"

namespace nearline::gateway {
namespace {

/// For statuses without a name, their class's.
std::string title_of(int status) {
    const auto name = http::reason_phrase(status);
    if (name != "Unknown") return std::string(name);
    return status < 500 ? "Bad Request" : "Internal Server Error";
}

std::string because(const std::string& reason) {
    return reason.empty() ? std::string(".") : " (" + reason + ").";
}

}  // namespace

std::string prediction_path(std::string_view id) {
    return "/predictions/" + std::string(id);
}

http::Response answer_response(const Answer& answer) {
    const std::string id = answer.id.to_string();
    http::Response response;
    if (answer.status == 200) {
        response = http::json_response(200, answer.json);
    } else {
        // A writer's status below 400 with no prediction is its mistake, not the caller's.
        const int status = answer.status >= 400 && answer.status <= 599 ? answer.status : 500;
        Problem problem{status, title_of(status), answer.message};
        problem.request_id = id;
        response = http::to_response(problem);
    }
    response.headers.add("Content-Location", prediction_path(id));
    response.headers.add("X-Request-Id", id);
    return response;
}

http::Response accepted_response(const Uuid& request_id, const std::string& location) {
    const std::string id = request_id.to_string();
    auto response = http::json_response(202, "{\"status\":\"accepted\",\"request_id\":" + quote_json(id) +
                                                 ",\"location\":" + quote_json(location) + "}\n");
    response.headers.add("Location", location);
    response.headers.add("Retry-After", "1");
    response.headers.add("X-Request-Id", id);
    return response;
}

http::Response problem_response(Problem problem, const std::string& request_id) {
    if (problem.request_id.empty()) problem.request_id = request_id;
    auto response = http::to_response(problem);
    response.headers.add("X-Request-Id", problem.request_id);
    return response;
}

Problem not_accepted(const std::string& why, std::chrono::seconds retry_after) {
    Problem problem{503, "Service Unavailable",
                    "The request was not accepted and nothing was stored: " + why + ". Send it again later."};
    problem.retry_after = retry_after;
    return problem;
}

Problem not_stored(const Ending& ending, const Uuid& request_id) {
    Problem problem;
    if (ending.kind == Ending::Kind::rejected && ending.too_large) {
        problem = {413, "Content Too Large", "The topic takes no record of this size" + because(ending.reason)};
    } else if (ending.kind == Ending::Kind::rejected) {
        problem = not_accepted("the stream did not take it" +
                               (ending.reason.empty() ? std::string() : " (" + ending.reason + ")"));
    } else {
        const std::string id = request_id.to_string();
        problem = {504, "Gateway Timeout",
                   "The stream did not say in time whether it stored the request" + because(ending.reason) +
                       " It may still be predicted; if so, GET " + prediction_path(id) +
                       " will have it. To repeat a request without the risk of a second prediction, send it with the "
                       "header Idempotency-Key: the same key with the same body counts once."};
    }
    problem.request_id = request_id.to_string();
    return problem;
}

Problem too_many(const std::string& what, std::chrono::seconds retry_after) {
    Problem problem{429, "Too Many Requests", what};
    problem.retry_after = retry_after;
    return problem;
}

Problem other_body() {
    return {422, "Unprocessable Content",
            "This Idempotency-Key was used for a request with another body: a new request needs a new key."};
}

Problem gone() {
    return {410, "Gone", "This prediction is older than what is kept."};
}

Problem no_archive() {
    return {404, "Not Found",
            "This gateway reads no archive, so it can't list predictions. Whoever runs it can name one with --archive "
            "(NEARLINE_ARCHIVE)."};
}

Problem no_prediction_id() {
    return {404, "Not Found",
            "No prediction has such an id. It is what X-Request-Id said, a UUID, or the last part of a Location, as it "
            "was given."};
}

Problem no_such_prediction(bool archived) {
    if (archived) {
        return {404, "Not Found",
                "There is no prediction of yours with this id, or none any more. If it was answered only now, the "
                "archive may be about to have it; the Location of a 202 is known before."};
    }
    return {404, "Not Found",
            "There is no prediction of yours with this id here. It may have been too long ago, or answered through "
            "another gateway; the Location of a 202 is known to all of them."};
}

}  // namespace nearline::gateway
