#include <atomic>
#include <future>
#include <gmock/gmock.h>

#include "faulty_stream.hpp"
#include "fixture.hpp"
#include "worker.hpp"

namespace nearline::test {
namespace {

using namespace std::chrono_literals;
using Producing = FaultyStream::Producing;

class Faults : public testing::Test {
protected:
    Gateway& start(const std::function<void(gateway::Options&)>& set = [](gateway::Options&) {}) {
        gateway = std::make_unique<Gateway>(
            world,
            [&](gateway::Options& options) {
                options.answer_timeout = 1s;
                options.stream_name = "kafka";
                set(options);
            },
            &stream);
        return *gateway;
    }
    void expect_not_accepted(const http::Response& response) {
        EXPECT_EQ(response.status, 503) << response.body;
        EXPECT_GE(std::stoi("0" + header(response, "Retry-After")), 1);
        EXPECT_NE(response.body.find("nothing was stored"), std::string::npos) << response.body;
    }

    World world;
    FaultyStream stream{*world.stream};
    std::unique_ptr<Gateway> gateway;
    Person person;
};

TEST_F(Faults, WhatTheStreamRejectsIs503) {
    start().wait_until_ready();
    stream.producing = Producing::rejects;
    expect_not_accepted(gateway->predict(person));
    stream.producing = Producing::too_large;
    EXPECT_EQ(gateway->predict(person).status, 413);
    stream.producing = Producing::works;
    Worker worker(*world.stream, world.registry);
    EXPECT_EQ(gateway->predict(person).status, 200);
    EXPECT_EQ(gateway->count("nearline_gateway_awaited_late"), 0);
}

TEST_F(Faults, WhatTheStreamDoesNotConfirmIs504) {
    start().wait_until_ready();
    for (const auto producing : {Producing::unknown, Producing::silent}) {
        stream.producing = producing;
        const auto response = gateway->predict(person);
        EXPECT_EQ(response.status, 504);
        EXPECT_NE(response.body.find("Idempotency-Key"), std::string::npos);
        EXPECT_NE(response.body.find(header(response, "X-Request-Id")), std::string::npos);
    }
    EXPECT_EQ(gateway->predict(person, setosa, {{"Prefer", "respond-async"}}).status, 504);
}

TEST_F(Faults, WhatWasStoredAfterAllIsThereLater) {
    start().wait_until_ready();
    stream.producing = Producing::unknown_but;
    const auto response = gateway->predict(person);
    ASSERT_EQ(response.status, 504);
    Worker worker(*world.stream, world.registry);
    EXPECT_TRUE(eventually(
        [&] { return gateway->get(person, "/predictions/" + header(response, "X-Request-Id")).status == 200; }));
}

TEST_F(Faults, AnAnswerIsProofEnough) {
    start([](gateway::Options& options) { options.answer_timeout = 10s; }).wait_until_ready();
    Worker worker(*world.stream, world.registry);
    stream.producing = Producing::unknown_but;
    EXPECT_EQ(gateway->predict(person).status, 200);
    stream.producing = Producing::silent;
    EXPECT_EQ(gateway->predict(person).status, 200) << "before the report";
    stream.report_all();
    EXPECT_EQ(gateway->predict(person).status, 200);
}

TEST_F(Faults, ARepeatAfter504IsProducedAgainAndAnswered) {
    start().wait_until_ready();
    const http::Headers keyed{{"Idempotency-Key", "once"}};
    stream.producing = Producing::unknown;
    EXPECT_EQ(gateway->predict(person, setosa, keyed).status, 504);
    stream.producing = Producing::works;
    Worker worker(*world.stream, world.registry);
    EXPECT_EQ(gateway->predict(person, setosa, keyed).status, 200);
    EXPECT_EQ(gateway->predict(person, setosa, keyed).status, 200);
    EXPECT_EQ(worker.taken(), 1);
}

TEST_F(Faults, ShortWaitsEndWhenItIsStored) {
    start([](gateway::Options& options) { options.answer_timeout = 20s; }).wait_until_ready();
    stream.producing = Producing::silent;
    auto response = std::async(std::launch::async, [&] {
        return gateway->predict(person, setosa, {{"Prefer", "wait=1"}});
    });
    EXPECT_FALSE(stream.reports_promptly) << "it waits for the answer";
    EXPECT_EQ(response.wait_for(1500ms), std::future_status::timeout) << "nobody knows yet whether it is stored";
    EXPECT_TRUE(stream.reports_promptly) << "it waits for nothing else";
    stream.report_all();
    EXPECT_EQ(response.get().status, 202);
    EXPECT_TRUE(eventually([&] { return !stream.reports_promptly; }));
}

TEST_F(Faults, AStreamKnownToBeAwayIsRefusedAtOnce) {
    start().wait_until_ready();
    Worker worker(*world.stream, world.registry);
    EXPECT_EQ(gateway->predict(person).status, 200);
    stream.away = true;
    EXPECT_TRUE(eventually([&] { return gateway->missing().find("kafka") != std::string::npos; }));
    const auto began = std::chrono::steady_clock::now();
    expect_not_accepted(gateway->predict(person));
    EXPECT_LT(std::chrono::steady_clock::now() - began, 900ms);
    EXPECT_TRUE(gateway->is_ready()) << "it stays reachable to say 503";
    stream.away = false;
    EXPECT_TRUE(eventually([&] { return gateway->predict(person).status == 200; }));
}

TEST_F(Faults, NothingThereAtStartIsWaitedFor) {
    stream.away = true;
    start();
    EXPECT_FALSE(gateway->is_ready());
    expect_not_accepted(gateway->predict(person));
    EXPECT_TRUE(eventually([&] { return gateway->missing().find("kafka") != std::string::npos; }));
    EXPECT_EQ(gateway->predict(person, "{").status, 400) << "what can be said is said";
    stream.away = false;
    gateway->wait_until_ready();
    Worker worker(*world.stream, world.registry);
    EXPECT_EQ(gateway->predict(person).status, 200);
}

/// A registry that is away until told otherwise.
class LateRegistry : public schema::Registry {
public:
    explicit LateRegistry(schema::Registry& real) : real_(real) {}
    std::atomic<bool> away{true};

    Result<std::int32_t> register_schema(const std::string& subject, const std::string& schema) override {
        return there().register_schema(subject, schema);
    }
    std::optional<std::string> schema_by_id(std::int32_t id) override { return there().schema_by_id(id); }
    std::vector<std::string> subjects_of(std::int32_t id) override { return there().subjects_of(id); }

private:
    schema::Registry& there() {
        if (away) throw Unavailable("no registry");
        return real_;
    }
    schema::Registry& real_;
};

TEST_F(Faults, TheRegistryIsWaitedForAndNeededNoMoreThen) {
    LateRegistry registry(world.registry);
    Gateway other(
        world, [](gateway::Options&) {}, nullptr, &registry);
    Worker worker(*world.stream, world.registry);
    EXPECT_TRUE(eventually([&] { return other.missing().find("no registry") != std::string::npos; }));
    EXPECT_FALSE(other.is_ready());
    // Before that it may have said that the stream has not answered yet.
    EXPECT_TRUE(eventually([&] {
        const auto refused = other.predict(person);
        expect_not_accepted(refused);
        return refused.body.find("can't be used yet: no registry") != std::string::npos;
    }));
    registry.away = false;
    other.wait_until_ready();
    EXPECT_EQ(other.predict(person).status, 200);
    registry.away = true;
    EXPECT_EQ(other.predict(person).status, 200);
}

TEST_F(Faults, MissingTopicsAreMade) {
    const TempDir dir;
    const auto empty = stream::open_embedded(dir / "stream", {}, world.metrics);
    Gateway other(
        world,
        [](gateway::Options& options) {
            options.topics.partitions = 3;
            options.max_backlog = 0ms;
        },
        empty.get());
    other.wait_until_ready();
    EXPECT_EQ(empty->admin(5s)->topic("output-topic")->partitions, 3);
    Worker worker(*empty, world.registry);
    EXPECT_EQ(other.predict(person).status, 200);
}

TEST_F(Faults, ALongQueueIs503) {
    start([](gateway::Options& options) {
        options.max_backlog = 1s;
        options.answer_timeout = 100ms;
    });
    gateway->wait_until_ready();
    EXPECT_EQ(gateway->predict(person).status, 202);
    EXPECT_TRUE(eventually([&] {
        return gateway->predict(person, setosa, {{"Prefer", "respond-async"}}).status == 503;
    }));
    expect_not_accepted(gateway->predict(person));
    EXPECT_GT(gateway->count("nearline_gateway_backlog_records"), 0);
    Worker worker(*world.stream, world.registry);
    EXPECT_TRUE(eventually([&] { return gateway->predict(person).status == 200; }));
}

TEST_F(Faults, AQueueThatTheTopicsRetentionComesCloseToIs503) {
    TempDir dir;
    const auto before = stream::open_embedded(dir / "stream", {}, world.metrics);
    before->admin(5s)->create_topic("input-topic", {.partitions = 3, .retention = 2s});
    Gateway other(
        world,
        [](gateway::Options& options) {
            options.max_backlog = 0ms;
            options.answer_timeout = 100ms;
        },
        before.get());
    other.wait_until_ready();
    EXPECT_EQ(other.predict(person).status, 202);
    EXPECT_TRUE(eventually([&] { return other.predict(person, setosa, {{"Prefer", "respond-async"}}).status == 503; }));
}

TEST_F(Faults, TooMuchPendingIs429) {
    start([](gateway::Options& options) {
        options.max_pending = 2;
        options.answer_timeout = 5s;
    });
    gateway->wait_until_ready();
    std::vector<std::future<http::Response>> waiting;
    for (int i = 0; i < 2; ++i) {
        waiting.push_back(std::async(std::launch::async, [&] { return gateway->predict(person); }));
    }
    EXPECT_TRUE(eventually([&] { return gateway->count("nearline_gateway_pending") == 2; }));
    const auto refused = gateway->predict(person);
    EXPECT_EQ(refused.status, 429);
    EXPECT_EQ(header(refused, "Retry-After"), "1");
    Worker worker(*world.stream, world.registry);
    for (auto& one : waiting) EXPECT_EQ(one.get().status, 200);
    EXPECT_EQ(gateway->predict(person).status, 200);
}

TEST_F(Faults, TooManyRequestsOfAUserAre429) {
    start([](gateway::Options& options) {
        options.rate_limit = 0.1;
        options.rate_burst = 2;
    });
    gateway->wait_until_ready();
    Worker worker(*world.stream, world.registry);
    EXPECT_EQ(gateway->predict(person).status, 200);
    EXPECT_EQ(gateway->predict(person, "{").status, 400) << "one that is no good counts, too";
    const auto refused = gateway->predict(person);
    EXPECT_EQ(refused.status, 429);
    EXPECT_GE(std::stoi(header(refused, "Retry-After")), 5);
    EXPECT_EQ(gateway->predict(Person{}).status, 200);
}

TEST_F(Faults, StoppingAnswersWhatIsPending) {
    start([](gateway::Options& options) { options.answer_timeout = 30s; });
    gateway->wait_until_ready();
    auto waiting = std::async(std::launch::async, [&] { return gateway->predict(person); });
    EXPECT_TRUE(eventually([&] { return gateway->count("nearline_gateway_pending") == 1; }));
    const auto began = std::chrono::steady_clock::now();
    gateway->stop(2s);
    EXPECT_LT(std::chrono::steady_clock::now() - began, 4s);
    EXPECT_EQ(waiting.get().status, 202) << "it is stored, and its result will be there";
}

}  // namespace
}  // namespace nearline::test
