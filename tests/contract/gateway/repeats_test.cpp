#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <future>

#include "fixture.hpp"
#include "support/scripted_archive.hpp"
#include "worker.hpp"

namespace nearline::test {
namespace {

using namespace std::chrono_literals;

const std::string other_body = R"({"sepal_length":1,"sepal_width":1,"petal_length":1,"petal_width":1})";
const http::Headers keyed{{"Idempotency-Key", "8e03978e-40d5-43dd-bc93-6894a57f9324"}};

/// Repeats with an Idempotency-Key that come through another gateway than the first one did.
class Repeats : public testing::Test {
protected:
    Repeats() { world.archive = &archive; }
    ~Repeats() override { archive.go_on(); }

    double lookups(const Gateway& gateway, const std::string& outcome) {
        return gateway.count("nearline_gateway_archive_reads_total", {{"call", "repeat"}, {"outcome", outcome}});
    }

    ScriptedArchive archive;
    World world;
    Person person;
};

TEST_F(Repeats, OneThatIsArchivedIsAnsweredFromThere) {
    Worker worker(*world.stream, world.registry);
    Gateway one(world);
    Gateway other(world);
    one.wait_until_ready();
    other.wait_until_ready();
    const auto first = one.predict(person, setosa, keyed);
    ASSERT_EQ(first.status, 200);
    archive.put(archived_from(first, person.id, setosa));
    const auto repeat = other.predict(person, setosa, keyed);
    EXPECT_EQ(repeat.status, 200);
    EXPECT_EQ(repeat.body, first.body);
    EXPECT_EQ(header(repeat, "X-Request-Id"), header(first, "X-Request-Id"));
    EXPECT_EQ(header(repeat, "Content-Location"), header(first, "Content-Location"));
    EXPECT_EQ(other.predict(person, other_body, keyed).status, 422);
    EXPECT_EQ(world.records("input-topic"), 1);
    EXPECT_EQ(lookups(other, "told"), 2);
    EXPECT_EQ(one.predict(person, setosa, keyed).body, first.body);
    EXPECT_EQ(lookups(one, "told"), 2) << "the archive is asked first";

    EXPECT_EQ(other.predict(Person{}, other_body, keyed).status, 200) << "keys are each user's own";
    EXPECT_EQ(other.predict(person, other_body).status, 200);
    EXPECT_EQ(lookups(other, "told"), 3) << "nobody asks for what has no key";
}

TEST_F(Repeats, NeedNoWorkerWhereTheyAreArchived) {
    http::Response first;
    {
        Worker worker(*world.stream, world.registry);
        Gateway gateway(world);
        gateway.wait_until_ready();
        first = gateway.predict(person, setosa, keyed);
    }
    archive.put(archived_from(first, person.id, setosa));
    Gateway without_worker(world);
    without_worker.wait_until_ready();
    EXPECT_EQ(without_worker.predict(person, setosa, keyed).body, first.body);
}

TEST_F(Repeats, OfAFailureAreTriedAgain) {
    Worker worker(*world.stream, world.registry);
    Gateway gateway(world);
    gateway.wait_until_ready();
    const auto id = Uuid::hash_based({"input-topic", person.id.to_string(), *keyed.find("Idempotency-Key")});
    archive.put(failed(archived(id, person.id, 1, setosa), 503, "the model was away"));
    const auto answer = gateway.predict(person, setosa, keyed);
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(header(answer, "X-Request-Id"), id.to_string());
    EXPECT_EQ(world.records("input-topic"), 1);
}

TEST_F(Repeats, WhatSaysItIsSomebodyElsesIsNoAnswer) {
    Worker worker(*world.stream, world.registry);
    Gateway gateway(world);
    gateway.wait_until_ready();
    const auto id = Uuid::hash_based({"input-topic", person.id.to_string(), *keyed.find("Idempotency-Key")});
    archive.put(archived(id, Uuid::random(), 1, setosa));
    EXPECT_EQ(gateway.predict(person, setosa, keyed).status, 200);
    EXPECT_EQ(world.records("input-topic"), 1);
}

TEST_F(Repeats, GoOnAsWithoutWhileTheArchiveIsAway) {
    archive.away = true;
    Worker worker(*world.stream, world.registry);
    Gateway one(world);
    Gateway other(world);
    one.wait_until_ready();
    other.wait_until_ready();
    const auto first = one.predict(person, setosa, keyed);
    const auto repeat = other.predict(person, setosa, keyed);
    EXPECT_EQ(first.status, 200);
    EXPECT_EQ(repeat.status, 200);
    EXPECT_EQ(header(repeat, "X-Request-Id"), header(first, "X-Request-Id"));
    EXPECT_EQ(world.records("input-topic"), 2) << "downstream counts them once";
    const auto admin = world.stream->admin(5s);
    int partitions = 0;
    for (int partition = 0; partition < 12; ++partition) {
        const auto log = admin->watermarks({"input-topic", partition});
        if (log.end > log.start) ++partitions;
    }
    EXPECT_EQ(partitions, 1) << "so that one worker sees that they are copies";
}

TEST_F(Repeats, AreAnsweredFromMemoryWhileTheArchiveIsAway) {
    Worker worker(*world.stream, world.registry);
    Gateway gateway(world);
    gateway.wait_until_ready();
    const auto first = gateway.predict(person, setosa, keyed);
    archive.away = true;
    EXPECT_EQ(gateway.predict(person, setosa, keyed).body, first.body);
    EXPECT_EQ(gateway.predict(person, other_body, keyed).status, 422);
    EXPECT_EQ(gateway.get(person, header(first, "Content-Location")).body, first.body);
    EXPECT_EQ(world.records("input-topic"), 1);
}

/// As when both bodies of one key were predicted, because a worker had forgotten the first.
TEST_F(Repeats, TheArchiveSaysWhichOfTwoAnswersAllGatewaysGive) {
    Worker worker(*world.stream, world.registry);
    Gateway one(world);
    Gateway other(world);
    one.wait_until_ready();
    other.wait_until_ready();
    const auto first = one.predict(person, setosa, keyed);
    const auto second = other.predict(person, other_body, keyed);
    ASSERT_EQ(first.status, 200);
    ASSERT_EQ(second.status, 200);
    archive.put(archived_from(first, person.id, setosa));
    for (const auto* gateway : {&one, &other}) {
        EXPECT_EQ(gateway->predict(person, setosa, keyed).body, first.body);
        EXPECT_EQ(gateway->predict(person, other_body, keyed).status, 422);
        EXPECT_EQ(gateway->get(person, header(first, "Content-Location")).body, first.body);
    }
}

TEST_F(Repeats, WaitForASlowArchiveOnlyAMoment) {
    Worker worker(*world.stream, world.registry);
    Gateway gateway(world, [](gateway::Options& options) { options.repeat_patience = 100ms; });
    gateway.wait_until_ready();
    archive.hold();
    const auto began = std::chrono::steady_clock::now();
    EXPECT_EQ(gateway.predict(person, setosa, keyed).status, 200);
    EXPECT_GE(std::chrono::steady_clock::now() - began, 95ms);
    EXPECT_EQ(lookups(gateway, "slow"), 1);
    EXPECT_EQ(gateway.predict(person, setosa, {{"Idempotency-Key", "another"}}).status, 200);
    EXPECT_EQ(lookups(gateway, "skipped"), 1) << "not every one has to find out";
    archive.go_on();
}

TEST_F(Repeats, TwoAtOnceThroughOneGatewayAreOne) {
    Worker worker(*world.stream, world.registry);
    Gateway gateway(world);
    gateway.wait_until_ready();
    std::vector<std::future<http::Response>> copies;
    for (int i = 0; i < 8; ++i) {
        copies.push_back(std::async(std::launch::async, [&] { return gateway.predict(person, setosa, keyed); }));
    }
    std::string body;
    for (auto& copy : copies) {
        const auto answer = copy.get();
        EXPECT_EQ(answer.status, 200);
        if (body.empty()) body = answer.body;
        EXPECT_EQ(answer.body, body);
    }
    EXPECT_EQ(world.records("input-topic"), 1);
}

TEST_F(Repeats, TwoAtOnceThroughTwoGatewaysGetTheSamePrediction) {
    Worker worker(*world.stream, world.registry);
    Gateway one(world);
    Gateway other(world);
    one.wait_until_ready();
    other.wait_until_ready();
    auto second = std::async(std::launch::async, [&] { return other.predict(person, setosa, keyed); });
    const auto first_answer = one.predict(person, setosa, keyed);
    const auto second_answer = second.get();
    ASSERT_EQ(first_answer.status, 200);
    ASSERT_EQ(second_answer.status, 200);
    EXPECT_EQ(header(first_answer, "X-Request-Id"), header(second_answer, "X-Request-Id"));
    auto first = boost::json::parse(first_answer.body).as_object();
    auto repeat = boost::json::parse(second_answer.body).as_object();
    first.erase("created_at");
    repeat.erase("created_at");
    EXPECT_EQ(first, repeat);
}

}  // namespace
}  // namespace nearline::test
