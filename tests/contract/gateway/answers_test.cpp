#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <set>

#include "domain/json.hpp"
#include "fixture.hpp"
#include "schema/builtin_schemas.hpp"
#include "schema/framing.hpp"
#include "worker.hpp"

namespace nearline::test {
namespace {

using namespace std::chrono_literals;
namespace json = boost::json;

/// What is on its way, of a gateway without a worker.
class Answers : public testing::Test {
protected:
    World world;
    Person person;
};

TEST_F(Answers, APredictionComesBackExactlyAsTheModelGaveIt) {
    Worker worker(*world.stream, world.registry);
    Gateway gateway(world);
    gateway.wait_until_ready();
    const auto response = gateway.predict(
        person, "{\"petal_width\": 1.9, \"sepal_length\": 2, \"sepal_width\":1.4,\n \"petal_length\":6e-1}");
    ASSERT_EQ(response.status, 200) << response.body;
    EXPECT_EQ(response.body.substr(0, 76),
              R"({"sepal_length":2.0,"sepal_width":1.4,"petal_length":0.6,"petal_width":1.9,")");
    const auto body = json::parse(response.body).as_object();
    std::vector<std::string> names;
    for (const auto& member : body) names.emplace_back(member.key());
    EXPECT_EQ(names, (std::vector<std::string>{"sepal_length", "sepal_width", "petal_length", "petal_width", "status",
                                               "model_id", "prediction", "model_type", "created_at", "message"}));
    EXPECT_EQ(header(response, "Content-Type"), "application/json");
    const std::string id = header(response, "X-Request-Id");
    EXPECT_TRUE(Uuid::parse(id));
    EXPECT_EQ(header(response, "Content-Location"), "/predictions/" + id);

    const auto again = gateway.get(person, "/predictions/" + id);
    EXPECT_EQ(again.status, 200);
    EXPECT_EQ(again.body, response.body);
    EXPECT_EQ(gateway.count("nearline_gateway_requests_total", {{"outcome", "answered"}}), 1);
    EXPECT_EQ(gateway.count("nearline_gateway_answers_read_total", {{"mine", "true"}}), 1);
    EXPECT_EQ(gateway.count("nearline_gateway_pending"), 0);
}

TEST_F(Answers, TheRecordHasItsHeaders) {
    Worker worker(*world.stream, world.registry);
    Gateway gateway(world);
    gateway.wait_until_ready();
    const std::string trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    const auto response = gateway.predict(person, setosa, {{"traceparent", trace}});
    ASSERT_EQ(response.status, 200);
    stream::Record record;
    record.headers = worker.last_headers();
    EXPECT_EQ(find_header(record, "request-id"), header(response, "X-Request-Id"));
    EXPECT_EQ(find_header(record, "user"), person.id.to_string());
    EXPECT_EQ(find_header(record, "body-digest"), sha256_hex(setosa));
    EXPECT_EQ(find_header(record, "traceparent"), trace);
    EXPECT_TRUE(find_header(record, "reply-partition"));
    EXPECT_EQ(record.headers.size(), 5U);

    ASSERT_EQ(gateway.predict(person, setosa, {{"traceparent", "nonsense"}}).status, 200);
    record.headers = worker.last_headers();
    EXPECT_FALSE(find_header(record, "traceparent"));
}

TEST_F(Answers, AFailureIsAProblemWithItsStatus) {
    Worker worker(*world.stream, world.registry, [](Prediction prediction) {
        prediction.status = 500;
        prediction.prediction.reset();
        prediction.message = "the model broke";
        return prediction;
    });
    Gateway gateway(world);
    gateway.wait_until_ready();
    const auto response = gateway.predict(person);
    EXPECT_EQ(response.status, 500);
    EXPECT_EQ(header(response, "Content-Type"), "application/problem+json");
    const auto body = json::parse(response.body).as_object();
    EXPECT_EQ(body.at("detail").as_string(), "the model broke");
    EXPECT_EQ(body.at("request_id").as_string(), header(response, "X-Request-Id"));
    EXPECT_EQ(gateway.get(person, "/predictions/" + header(response, "X-Request-Id")).status, 500);
}

TEST_F(Answers, PredictionsAreTheirOwnersAndAdministratorsAlone) {
    Worker worker(*world.stream, world.registry);
    Gateway gateway(world);
    gateway.wait_until_ready();
    const auto id = header(gateway.predict(person), "X-Request-Id");
    EXPECT_EQ(gateway.get(Person{}, "/predictions/" + id).status, 404);
    Person administrator;
    administrator.admin = true;
    EXPECT_EQ(gateway.get(administrator, "/predictions/" + id).status, 200);
    EXPECT_EQ(gateway.get(person, "/predictions/" + Uuid::random().to_string()).status, 404);
    EXPECT_EQ(gateway.get(person, "/predictions/nonsense").status, 404);
}

TEST_F(Answers, RespondAsyncGivesALocationThatAnyGatewayKnows) {
    Gateway one(world);
    Gateway other(world);
    one.wait_until_ready();
    other.wait_until_ready();
    const auto response = one.predict(person, setosa, {{"Prefer", "respond-async"}});
    ASSERT_EQ(response.status, 202) << response.body;
    EXPECT_EQ(header(response, "Preference-Applied"), "respond-async");
    const auto location = header(response, "Location");
    const auto body = json::parse(response.body).as_object();
    EXPECT_EQ(body.at("status").as_string(), "accepted");
    EXPECT_EQ(body.at("location").as_string(), location);
    EXPECT_EQ(body.at("request_id").as_string(), header(response, "X-Request-Id"));

    for (const Gateway* gateway : {&one, &other}) {
        const auto waiting = gateway->get(person, location);
        EXPECT_EQ(waiting.status, 202);
        EXPECT_EQ(header(waiting, "Retry-After"), "1");
        EXPECT_EQ(gateway->get(Person{}, location).status, 404) << "somebody else's";
        EXPECT_EQ(gateway->get(person, location + "x").status, 404) << "forged";
    }
    const auto by_id = "/predictions/" + header(response, "X-Request-Id");
    EXPECT_EQ(one.get(person, by_id).status, 202) << "this one knows that it is on its way";
    EXPECT_EQ(one.get(Person{}, by_id).status, 404);
    EXPECT_EQ(one.count("nearline_gateway_awaited_late"), 1);

    Worker worker(*world.stream, world.registry);
    ASSERT_TRUE(eventually([&] { return one.get(person, location).status == 200; }));
    const auto answer = one.get(person, location);
    EXPECT_EQ(json::parse(answer.body).as_object().at("prediction").as_string(), "setosa");
    EXPECT_EQ(header(answer, "Content-Location"), by_id);
    EXPECT_EQ(one.get(person, by_id).body, answer.body);
    EXPECT_EQ(one.count("nearline_gateway_awaited_late"), 0);
}

TEST_F(Answers, WithoutAWorkerItIs202AndLaterThePrediction) {
    Gateway gateway(world, [](gateway::Options& options) { options.answer_timeout = 300ms; });
    gateway.wait_until_ready();
    const auto began = std::chrono::steady_clock::now();
    const auto response = gateway.predict(person);
    EXPECT_GE(std::chrono::steady_clock::now() - began, 290ms);
    ASSERT_EQ(response.status, 202);
    EXPECT_EQ(header(response, "Preference-Applied"), "");
    Worker worker(*world.stream, world.registry);
    EXPECT_TRUE(eventually([&] { return gateway.get(person, header(response, "Location")).status == 200; }));
}

TEST_F(Answers, PreferWaitIsHowLongItWaits) {
    Gateway gateway(world, [](gateway::Options& options) { options.max_wait = 2s; });
    gateway.wait_until_ready();
    const auto seconds = [&](const std::string& prefer, int status, const std::string& applied) {
        const auto began = std::chrono::steady_clock::now();
        const auto response = gateway.predict(person, setosa, {{"Prefer", prefer}});
        EXPECT_EQ(response.status, status) << prefer;
        EXPECT_EQ(header(response, "Preference-Applied"), applied) << prefer;
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    };
    EXPECT_NEAR(seconds("wait=1", 202, "wait=1"), 1, 0.5);
    EXPECT_LT(seconds("wait=0", 202, "wait=0"), 0.5);
    EXPECT_NEAR(seconds("respond-async, wait=1", 202, "respond-async, wait=1"), 1, 0.5);
    EXPECT_NEAR(seconds("wait=100", 202, "wait=2"), 2, 0.5) << "no longer than the maximum";
}

TEST_F(Answers, RespondAsyncWithWaitGivesTheAnswerWhenItComesInTime) {
    Worker worker(*world.stream, world.registry);
    Gateway gateway(world);
    gateway.wait_until_ready();
    const auto response = gateway.predict(person, setosa, {{"Prefer", "respond-async, wait=5"}});
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(header(response, "Preference-Applied"), "wait=5");
}

TEST_F(Answers, ALocationPastRetentionIsGone) {
    Gateway gateway(world, [](gateway::Options& options) { options.location_retention = 0ms; });
    gateway.wait_until_ready();
    const auto response = gateway.predict(person, setosa, {{"Prefer", "respond-async"}});
    EXPECT_EQ(gateway.get(person, header(response, "Location")).status, 410);
}

TEST_F(Answers, ARepeatWithAnIdempotencyKeyCountsOnce) {
    Gateway gateway(world);
    gateway.wait_until_ready();
    const http::Headers keyed{{"Idempotency-Key", "\"8e03978e-40d5-43dd-bc93-6894a57f9324\""}};
    http::Headers async = keyed;
    async.add("Prefer", "respond-async");
    const auto first = gateway.predict(person, setosa, async);
    ASSERT_EQ(first.status, 202);
    const auto second = gateway.predict(person, setosa, async);
    EXPECT_EQ(second.status, 202) << "while it is on its way";
    EXPECT_EQ(header(first, "X-Request-Id"), header(second, "X-Request-Id"));
    const std::string other = R"({"sepal_length":1,"sepal_width":1,"petal_length":1,"petal_width":1})";
    EXPECT_EQ(gateway.predict(person, other, keyed).status, 422);

    Worker worker(*world.stream, world.registry);
    const auto third = gateway.predict(person, setosa, keyed);
    ASSERT_EQ(third.status, 200);
    EXPECT_EQ(header(third, "X-Request-Id"), header(first, "X-Request-Id"));
    const auto fourth = gateway.predict(person, setosa, keyed);
    EXPECT_EQ(fourth.status, 200) << "from what it has seen";
    EXPECT_EQ(fourth.body, third.body);
    EXPECT_EQ(gateway.predict(person, other, keyed).status, 422);
    EXPECT_EQ(world.records("input-topic"), 1);
    EXPECT_EQ(worker.taken(), 1);

    EXPECT_EQ(gateway.predict(Person{}, other, keyed).status, 200) << "keys are each user's own";
    EXPECT_EQ(gateway.predict(person, setosa, {{"Idempotency-Key", "two words"}}).status, 400);
}

TEST_F(Answers, AnAnswerInAnotherOrderIsAnsweredInOurs) {
    Gateway gateway(world);
    gateway.wait_until_ready().wait_until_owning(12);
    const auto accepted = gateway.predict(person, setosa, {{"Prefer", "respond-async"}});
    // What a writer of its own might send: members sorted by name.
    const auto id = world.registry.register_schema("output-topic-value", R"({"type":"object"})").value();
    const std::string text =
        R"({"created_at":"2022-12-29 00:07:11.830677","message":"Success","model_id":"afe4e043-4d09-4bf9-9fe8-a6d030441221",)"
        R"("model_type":"M","more":true,"petal_length":1,"petal_width":1,"prediction":"setosa","sepal_length":1,"sepal_width":1,"status":200})";
    stream::Record record;
    record.value = schema::frame(id, text);
    record.headers = {{"request-id", header(accepted, "X-Request-Id")}, {"user", person.id.to_string()}};
    const auto producer = world.stream->producer({});
    for (int partition = 0; partition < 12; ++partition) {
        producer->produce("output-topic", partition, record, [](const stream::Delivery&) {});
    }
    ASSERT_TRUE(producer->flush(5s));
    ASSERT_TRUE(eventually([&] { return gateway.get(person, header(accepted, "Location")).status == 200; }));
    EXPECT_EQ(gateway.get(person, header(accepted, "Location")).body,
              R"({"sepal_length":1.0,"sepal_width":1.0,"petal_length":1.0,"petal_width":1.0,"status":200,)"
              R"("model_id":"afe4e043-4d09-4bf9-9fe8-a6d030441221","prediction":"setosa","model_type":"M",)"
              R"("created_at":"2022-12-29 00:07:11.830677","message":"Success"})");
}

TEST_F(Answers, WhatIsNoAnswerIsLeftAlone) {
    Gateway gateway(world);
    gateway.wait_until_ready().wait_until_owning(12);
    const auto accepted = gateway.predict(person, setosa, {{"Prefer", "respond-async"}});
    const auto producer = world.stream->producer({});
    stream::Record record;
    record.headers = {{"request-id", header(accepted, "X-Request-Id")}};
    schema::TopicCodec codec(world.registry, {.topic = "output-topic", .schema = std::string(schema::iris_output())});
    codec.connect().value();
    Prediction none{.features = {{"sepal_length", 1}, {"sepal_width", 1}, {"petal_length", 1}, {"petal_width", 1}},
                    .created_at = "2022-12-29 00:07:11.830677"};
    const auto without_label = codec.encode(to_json(none));
    none.status = 302;
    const auto moved = codec.encode(to_json(none));
    for (const std::string& value :
         {std::string(), std::string("junk"), std::string("\0\0\0\0\x7fjunk", 9), without_label, moved}) {
        record.value = value;
        for (int partition = 0; partition < 12; ++partition) {
            producer->produce("output-topic", partition, record, [](const stream::Delivery&) {});
        }
    }
    record.headers = {{"request-id", "no uuid"}};
    producer->produce("output-topic", 0, record, [](const stream::Delivery&) {});
    ASSERT_TRUE(producer->flush(5s));
    EXPECT_TRUE(eventually([&] { return gateway.count("nearline_gateway_answers_undecodable_total") == 60; }))
        << gateway.count("nearline_gateway_answers_undecodable_total");
    EXPECT_EQ(gateway.get(person, header(accepted, "Location")).status, 202);
    Worker worker(*world.stream, world.registry);
    EXPECT_TRUE(eventually([&] { return gateway.get(person, header(accepted, "Location")).status == 200; }));
}

TEST_F(Answers, TheIndexAndTheDocumentTellWhatIsThere) {
    Gateway gateway(world);
    const auto document = json::parse(gateway.send({"GET", "/openapi.json"}).body).as_object();
    std::set<std::string> described;
    for (const auto& path : document.at("paths").as_object()) {
        for (const auto& method : path.value().as_object())
            described.insert(std::string(method.key()) + ' ' + std::string(path.key()));
    }
    std::set<std::string> there;
    for (const auto& route : gateway.routes().routes()) {
        std::string method = route.method;
        for (char& c : method) c = static_cast<char>(std::tolower(c));
        there.insert(method + ' ' + route.pattern);
    }
    EXPECT_EQ(described, there);
    const auto index = json::parse(gateway.send({"GET", "/"}).body).as_object();
    EXPECT_EQ(index.at("routes").as_array().size(), there.size());
}

}  // namespace
}  // namespace nearline::test
