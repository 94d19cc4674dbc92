#include "auth/refusals.hpp"

#include <utility>

namespace nearline::auth {

Problem unavailable(std::string detail) {
    Problem problem{503, "Service Unavailable", std::move(detail)};
    problem.retry_after = std::chrono::seconds(1);
    return problem;
}

Problem void_token(std::string detail) {
    Problem problem{401, "Unauthorized", std::move(detail)};
    problem.www_authenticate = R"(Bearer realm="nearline", error="invalid_token")";
    return problem;
}

Problem forbidden(std::string detail) {
    return {403, "Forbidden", std::move(detail)};
}

Problem too_many_failures(std::chrono::seconds wait) {
    Problem problem{429, "Too Many Requests",
                    "Too many wrong passwords from this address: try again in " + std::to_string(wait.count()) + " s."};
    problem.retry_after = wait;
    return problem;
}

}  // namespace nearline::auth
