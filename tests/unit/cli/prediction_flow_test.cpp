#include "cli/prediction_flow.hpp"

#include <gtest/gtest.h>

namespace nearline::cli {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Kind = PredictionFlow::Step::Kind;

const SteadyTime start{};

http::Response answer(int status, std::string body = "", http::Headers headers = {}) {
    http::Response response;
    response.status = status;
    response.body = std::move(body);
    response.headers = std::move(headers);
    return response;
}

PredictionFlow flow() {
    return PredictionFlow(start, seconds(10), 1);
}

TEST(PredictionFlow, AnAnswerIsTheEnd) {
    auto f = flow();
    EXPECT_EQ(f.start().kind, Kind::predict);
    const auto step = f.on_answer(answer(200, R"({"a":1.0,"status":200,"prediction":"setosa"})"), start);
    EXPECT_EQ(step.kind, Kind::done);
    EXPECT_EQ(step.text, R"({"a":1.0,"status":200,"prediction":"setosa"})");
}

TEST(PredictionFlow, FollowsALocationUntilThePredictionIsThere) {
    auto f = flow();
    auto step = f.on_answer(answer(202, "", {{"Location", "/predictions/abc"}, {"Retry-After", "1"}}), start);
    EXPECT_EQ(step.kind, Kind::fetch);
    EXPECT_EQ(step.text, "/predictions/abc");
    EXPECT_EQ(step.after, seconds(1));
    step = f.on_answer(answer(202), start + seconds(1));
    EXPECT_EQ(step.kind, Kind::fetch);
    EXPECT_EQ(step.text, "/predictions/abc");
    EXPECT_EQ(step.after, milliseconds(200));
    EXPECT_EQ(f.on_answer(answer(200, R"({"status":200})"), start + seconds(2)).kind, Kind::done);
}

TEST(PredictionFlow, TakesThePathOfAWholeUrl) {
    auto f = flow();
    EXPECT_EQ(f.on_answer(answer(202, "", {{"Location", "http://gateway:1958/predictions/abc"}}), start).text,
              "/predictions/abc");
}

TEST(PredictionFlow, AFailureOnTheTopicIsAFailureHere) {
    auto f = flow();
    const auto step =
        f.on_answer(answer(200, R"({"status":422,"prediction":null,"message":"no finite number"})"), start);
    EXPECT_EQ(step.kind, Kind::failed);
    EXPECT_EQ(step.text, "no finite number");
}

TEST(PredictionFlow, WaitsAsLongAsItIsTold) {
    for (const int status : {429, 503}) {
        auto f = flow();
        const auto step = f.on_answer(answer(status, "{}", {{"Retry-After", "3"}}), start);
        EXPECT_EQ(step.kind, Kind::predict);
        EXPECT_EQ(step.after, seconds(3));
    }
}

TEST(PredictionFlow, ComesBackToTheLocationAfterARefusal) {
    auto f = flow();
    f.on_answer(answer(202, "", {{"Location", "/predictions/abc"}}), start);
    EXPECT_EQ(f.on_answer(answer(503), start).kind, Kind::fetch);
    EXPECT_EQ(f.on_unavailable("connection refused", start).kind, Kind::fetch);
}

TEST(PredictionFlow, GivesUpWhenItsPatienceIsOver) {
    auto f = flow();
    const auto step =
        f.on_answer(answer(503, R"({"title":"Unavailable","detail":"the stream is away"})", {{"Retry-After", "3"}}),
                    start + seconds(8));
    EXPECT_EQ(step.kind, Kind::failed);
    EXPECT_EQ(step.text, "HTTP 503: the stream is away (gave up waiting)");
    auto g = flow();
    EXPECT_EQ(g.on_answer(answer(202, "", {{"Location", "/x"}, {"Retry-After", "11"}}), start).kind, Kind::failed);
}

TEST(PredictionFlow, WhoGivesUpKnowsWhatToAskForLater) {
    auto f = flow();
    f.on_answer(answer(202, "", {{"Location", "/predictions/abc"}, {"X-Request-Id", "the-id"}}), start);
    f.on_answer(answer(202, "", {{"X-Request-Id", "another"}}), start + seconds(1));
    const auto late = f.on_answer(answer(202, "", {{"Retry-After", "1"}}), start + seconds(10));
    EXPECT_EQ(late.kind, Kind::failed);
    EXPECT_EQ(late.text,
              "accepted, but its prediction has not come (gave up waiting); to ask for it later: request id the-id, "
              "Location /predictions/abc");
    EXPECT_EQ(late.accepted, R"({"status":"accepted","request_id":"the-id","location":"/predictions/abc"})");
    EXPECT_EQ(f.on_unavailable("connection refused", start + seconds(10)).accepted, late.accepted);
    EXPECT_EQ(f.give_up("stopped").accepted, late.accepted);
    EXPECT_EQ(flow().give_up("stopped").text, "stopped");
    EXPECT_EQ(flow().give_up("stopped").accepted, "");
}

TEST(PredictionFlow, WaitsLongerFromTryToTry) {
    PredictionFlow f(start, std::chrono::hours(1), 1);
    milliseconds total{0};
    for (int i = 0; i < 20; ++i) {
        const auto step = f.on_unavailable("connection refused", start);
        ASSERT_EQ(step.kind, Kind::predict);
        EXPECT_LE(step.after, seconds(5));
        total += step.after;
    }
    EXPECT_GT(total, seconds(30));
}

TEST(PredictionFlow, LogsInAgainOnce) {
    auto f = flow();
    EXPECT_EQ(f.on_answer(answer(401), start).kind, Kind::login);
    EXPECT_EQ(f.on_login().kind, Kind::predict);
    const auto step = f.on_answer(answer(401, R"({"detail":"expired"})"), start);
    EXPECT_EQ(step.kind, Kind::failed);
    EXPECT_EQ(step.text, "HTTP 401: expired");
}

TEST(PredictionFlow, OtherAnswersAreFailuresWithTheirReason) {
    auto f = flow();
    const auto step =
        f.on_answer(answer(422, R"({"title":"t","detail":"d","errors":[{"pointer":"/a","detail":"is missing"},)"
                                R"({"pointer":"","detail":"is no object"}]})"),
                    start);
    EXPECT_EQ(step.kind, Kind::failed);
    EXPECT_EQ(step.text, "HTTP 422: /a is missing; is no object");
    EXPECT_EQ(flow().on_answer(answer(504, R"({"detail":"repeat it"})"), start).text, "HTTP 504: repeat it");
    EXPECT_EQ(flow().on_answer(answer(502, "<html>"), start).text, "HTTP 502");
    EXPECT_EQ(flow().on_answer(answer(200, "<html>"), start).kind, Kind::failed);
    EXPECT_EQ(flow().on_answer(answer(202), start).kind, Kind::failed);
}

}  // namespace
}  // namespace nearline::cli
