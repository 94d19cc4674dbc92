#include "admin/routes.hpp"

#include <functional>
#include <memory>

#include "domain/time.hpp"
#include "http/offload.hpp"

namespace nearline::admin {

namespace {

constexpr int most_at_a_time = 16;

std::int64_t now_seconds() {
    return std::chrono::duration_cast<std::chrono::seconds>(wall_now().time_since_epoch()).count();
}

/// Nothing where the bearer is an administrator.
std::optional<Problem> refusal(const token::Jwt& jwt, const http::Request& request) {
    const auto text = token::bearer_token(request.headers.find("authorization"));
    if (!text) return text.error();
    const auto claims = jwt.verify(*text, now_seconds());
    if (!claims) return claims.error();
    if (claims->admin) return std::nullopt;
    return Problem{403, "Forbidden", "This is for administrators; " + claims->username + " is none."};
}

http::Response refused(Problem problem, const http::Request& request) {
    problem.request_id = request.request_id;
    return http::to_response(problem);
}

using Question = std::function<Result<std::string>(const http::Request&)>;

/// What the routes share. `under_way` is touched on the loop's thread alone.
struct Desk {
    boost::asio::thread_pool& pool;
    const token::Jwt& jwt;
    int under_way = 0;
};

boost::asio::awaitable<http::Response> ask(std::shared_ptr<Desk> desk, Question question,
                                           const http::Request& request) {
    if (auto problem = refusal(desk->jwt, request)) co_return refused(*std::move(problem), request);
    if (desk->under_way >= most_at_a_time) {
        Problem busy{503, "Service Unavailable", "Too many questions are being answered; try again in a moment."};
        busy.retry_after = std::chrono::seconds(1);
        co_return refused(std::move(busy), request);
    }
    ++desk->under_way;
    // The count must go down however the answer ends; a guard also runs when the coroutine is destroyed.
    const std::shared_ptr<void> guard(nullptr, [desk](void*) { --desk->under_way; });
    // A copy of the request: the work goes on when the connection, and the coroutine with it, is gone.
    const std::function<Result<std::string>()> work = [question, request] { return question(request); };
    const auto answer = co_await http::offload(desk->pool, work);
    if (!answer) co_return refused(answer.error(), request);
    co_return http::json_response(200, *answer);
}

}  // namespace

http::Router routes(TopicQueries& queries, DeadLetterDesk& letters, boost::asio::thread_pool& pool,
                    const token::Jwt& jwt) {
    const auto desk = std::make_shared<Desk>(Desk{pool, jwt});
    const auto route = [&](std::string method, std::string pattern, std::string summary, const Question& question) {
        return http::Route{std::move(method), std::move(pattern),
                           [desk, question](const http::Request& request) { return ask(desk, question, request); },
                           std::move(summary)};
    };
    return {
        route("GET", "/admin/topics", "Topics", [&](const auto&) { return queries.topics(); }),
        route("GET", "/admin/topics/{topic}", "One topic: where its partitions' logs begin and end",
              [&](const auto& request) { return queries.topic(request.params.at("topic")); }),
        route("GET", "/admin/topics/{topic}/records", "Records of a topic",
              [&](const auto& request) { return queries.records(request.params.at("topic"), request.query); }),
        route("GET", "/admin/groups", "Consumer groups: members, committed offsets, lag",
              [&](const auto&) { return queries.groups(); }),
        route("GET", "/admin/dead-letters", "Topics of dead letters", [&](const auto&) { return letters.topics(); }),
        route("GET", "/admin/dead-letters/{topic}", "Dead letters, and what was done about them",
              [&](const auto& request) { return letters.list(request.params.at("topic"), request.query); }),
        route("GET", "/admin/dead-letters/{topic}/{partition}/{offset}", "One dead letter, whole",
              [&](const auto& request) {
                  const auto& params = request.params;
                  return letters.show(params.at("topic"), params.at("partition"), params.at("offset"));
              }),
        route("POST", "/admin/dead-letters/{topic}/replay", "Writes dead letters to the role's retry topic",
              [&](const auto& request) { return letters.replay(request.params.at("topic"), request.query); }),
        route("POST", "/admin/dead-letters/{topic}/drop", "Removes dead letters",
              [&](const auto& request) { return letters.drop(request.params.at("topic"), request.query); }),
    };
}

}  // namespace nearline::admin
