#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <future>

#include "domain/time.hpp"
#include "domain/timed_uuid.hpp"
#include "fixture.hpp"
#include "support/scripted_archive.hpp"
#include "worker.hpp"

namespace nearline::test {
namespace {

using namespace std::chrono_literals;
namespace json = boost::json;

std::string path_of(const Uuid& id) {
    return "/predictions/" + id.to_string();
}

/// Where the Link of a page leads; empty: nowhere.
std::string next_of(const http::Response& page) {
    const std::string link = header(page, "Link");
    if (link.empty()) return {};
    EXPECT_TRUE(link.starts_with("</predictions?") && link.ends_with(">; rel=\"next\"")) << link;
    return link.substr(1, link.find('>') - 1);
}

std::vector<std::string> ids_in(const http::Response& page) {
    std::vector<std::string> ids;
    EXPECT_EQ(page.status, 200) << page.body;
    if (page.status != 200) return ids;
    const auto body = json::parse(page.body);
    for (const auto& item : body.at("predictions").as_array()) ids.emplace_back(item.at("id").as_string());
    return ids;
}

/// One gateway that took no request itself, and an archive.
class ReadingArchive : public testing::Test {
protected:
    ReadingArchive() {
        world.archive = &archive;
        administrator.admin = true;
    }
    ~ReadingArchive() override { archive.go_on(); }

    std::vector<std::string> all_pages(const Gateway& gateway, std::string page, const std::function<void()>& between) {
        std::vector<std::string> ids;
        while (!page.empty()) {
            const auto response = gateway.get(person, page);
            const auto found = ids_in(response);
            ids.insert(ids.end(), found.begin(), found.end());
            page = next_of(response);
            between();
        }
        return ids;
    }

    ScriptedArchive archive;
    World world;
    Person person;
    Person administrator;
};

TEST_F(ReadingArchive, AnArchivedPredictionIsAsItWasAnswered) {
    Worker worker(*world.stream, world.registry);
    Gateway one(world);
    Gateway other(world);
    // Else the partition of the answer may become the other one's just then, which sees it itself.
    for (auto* gateway : {&one, &other}) gateway->wait_until_ready().wait_until_owning(6);
    const auto answer = one.predict(person);
    ASSERT_EQ(answer.status, 200);
    archive.put(archived_from(answer, person.id, setosa));
    const auto id = Uuid::parse(header(answer, "X-Request-Id")).value();
    const auto read = other.get(person, path_of(id));
    EXPECT_EQ(read.status, 200);
    EXPECT_EQ(read.body, answer.body);
    EXPECT_EQ(header(read, "Content-Location"), path_of(id));
    EXPECT_EQ(header(read, "X-Request-Id"), id.to_string());
    EXPECT_EQ(other.count("nearline_gateway_archive_reads_total", {{"call", "find"}, {"outcome", "told"}}), 1);

    archive.away = true;
    EXPECT_EQ(one.get(person, path_of(id)).status, 200) << "what the gateway saw itself needs no archive";
    EXPECT_EQ(other.get(person, path_of(id)).status, 503);
}

TEST_F(ReadingArchive, IsTheOwnersAndAdministratorsAlone) {
    Gateway gateway(world);
    const auto mine = Uuid::random();
    const auto nobodys = Uuid::random();
    archive.put(archived(mine, person.id, 1));
    auto outside = archived(nobodys, person.id, 2);
    outside.user.reset();
    archive.put(outside);
    EXPECT_EQ(gateway.get(person, path_of(mine)).status, 200);
    EXPECT_EQ(gateway.get(Person{}, path_of(mine)).status, 404);
    EXPECT_EQ(gateway.get(administrator, path_of(mine)).status, 200);
    EXPECT_EQ(gateway.get(person, path_of(nobodys)).status, 404);
    EXPECT_EQ(gateway.get(administrator, path_of(nobodys)).status, 200);
    const auto unheard_of = gateway.get(person, path_of(Uuid::random()));
    EXPECT_EQ(unheard_of.status, 404);
    auto others = json::parse(gateway.get(Person{}, path_of(mine)).body).as_object();
    auto none = json::parse(unheard_of.body).as_object();
    others.erase("request_id");
    none.erase("request_id");
    EXPECT_EQ(others, none) << "nobody learns that there is one";
    EXPECT_EQ(gateway.send({"GET", path_of(mine)}).status, 401);
}

TEST_F(ReadingArchive, AFailureIsWhatPostWouldHaveAnswered) {
    Gateway gateway(world);
    const auto id = Uuid::random();
    archive.put(failed(archived(id, person.id, 1), 422, "no such flower"));
    const auto read = gateway.get(person, path_of(id));
    EXPECT_EQ(read.status, 422);
    EXPECT_EQ(header(read, "Content-Type"), "application/problem+json");
    EXPECT_EQ(json::parse(read.body).at("detail").as_string(), "no such flower");
    EXPECT_EQ(gateway.get(Person{}, path_of(id)).status, 404);
}

TEST_F(ReadingArchive, APredictionThatReplacedAFailureIsShown) {
    Worker worker(*world.stream, world.registry, [](Prediction prediction) {
        prediction.status = 500;
        prediction.prediction.reset();
        prediction.message = "the model broke";
        return prediction;
    });
    Gateway gateway(world);
    gateway.wait_until_ready();
    const auto id = Uuid::parse(header(gateway.predict(person), "X-Request-Id")).value();
    EXPECT_EQ(gateway.get(person, path_of(id)).status, 500);
    archive.put(archived(id, person.id, 1));
    EXPECT_EQ(gateway.get(person, path_of(id)).status, 200);
    archive.away = true;
    EXPECT_EQ(gateway.get(person, path_of(id)).status, 500) << "as far as the gateway knows";
}

TEST_F(ReadingArchive, ALocationIsKnownToEveryGateway) {
    Gateway one(world);
    Gateway other(world);
    one.wait_until_ready();
    other.wait_until_ready();
    const auto accepted = one.predict(person, setosa, {{"Prefer", "respond-async"}});
    ASSERT_EQ(accepted.status, 202);
    const auto location = header(accepted, "Location");
    const auto id = Uuid::parse(header(accepted, "X-Request-Id")).value();
    for (const Gateway* gateway : {&one, &other}) {
        EXPECT_EQ(gateway->get(person, location).status, 202);
        EXPECT_EQ(gateway->get(Person{}, location).status, 404);
    }
    archive.away = true;
    EXPECT_EQ(one.get(person, location).status, 202) << "it still awaits the answer itself";
    EXPECT_EQ(other.get(person, location).status, 503) << "it may be there";
    archive.away = false;
    archive.put(archived(id, person.id, 1));
    for (const Gateway* gateway : {&one, &other}) {
        EXPECT_EQ(gateway->get(person, location).status, 200);
        EXPECT_EQ(gateway->get(administrator, location).status, 200);
        EXPECT_EQ(gateway->get(Person{}, location).status, 404);
    }
}

TEST_F(ReadingArchive, PastRetentionALocationIsGone) {
    Gateway forgetful(world, [](gateway::Options& options) { options.location_retention = 0ms; });
    Gateway keeping(world, [](gateway::Options& options) { options.archive_keep = 0ms; });
    Gateway patient(world, [](gateway::Options& options) { options.archive_keep = std::chrono::hours(1); });
    keeping.wait_until_ready();
    const auto accepted = keeping.predict(person, setosa, {{"Prefer", "respond-async"}});
    const auto location = header(accepted, "Location");
    EXPECT_EQ(forgetful.get(person, location).status, 410);
    EXPECT_EQ(keeping.get(person, location).status, 410);
    EXPECT_EQ(patient.get(person, location).status, 202);
    archive.away = true;
    EXPECT_EQ(keeping.get(person, location).status, 503) << "it may still be there";
    archive.away = false;
    archive.put(archived(Uuid::parse(header(accepted, "X-Request-Id")).value(), person.id, 1));
    EXPECT_EQ(forgetful.get(person, location).status, 200) << "what is there is not gone";
}

TEST_F(ReadingArchive, PastRetentionARequestIdIsGoneForEverybody) {
    Worker worker(*world.stream, world.registry);
    Gateway keeping(world, [](gateway::Options& options) { options.archive_keep = std::chrono::hours(24); });
    Gateway for_ever(world);
    keeping.wait_until_ready();
    const auto old = path_of(timed_uuid(wall_now() - std::chrono::hours(25), Uuid::random().bytes()));
    const auto young = path_of(timed_uuid(wall_now() - std::chrono::hours(23), Uuid::random().bytes()));
    const auto keyed = path_of(Uuid::hash_based({"key"}));
    EXPECT_EQ(keeping.get(person, old).status, 410);
    EXPECT_EQ(keeping.get(person, young).status, 404);
    EXPECT_EQ(keeping.get(person, keyed).status, 404);
    EXPECT_EQ(for_ever.get(person, old).status, 404);
    archive.away = true;
    EXPECT_EQ(keeping.get(person, old).status, 503) << "it may still be there";
    archive.away = false;
    const auto answer = keeping.predict(person);
    ASSERT_EQ(answer.status, 200);
    const auto made = time_of(Uuid::parse(header(answer, "X-Request-Id")).value());
    ASSERT_TRUE(made) << "what is answered has such an id";
    EXPECT_LT(wall_now() - *made, std::chrono::minutes(5));
}

TEST_F(ReadingArchive, WithoutAnArchiveTheListingSaysWhatIsMissing) {
    world.archive = nullptr;
    Gateway gateway(world);
    const auto refused = gateway.get(person, "/predictions");
    EXPECT_EQ(refused.status, 404);
    EXPECT_NE(refused.body.find("--archive"), std::string::npos) << refused.body;
    EXPECT_EQ(gateway.send({"GET", "/predictions"}).status, 401);
    EXPECT_EQ(gateway.get(person, path_of(Uuid::random())).status, 404);
    EXPECT_EQ(gateway.missing().find("archive"), std::string::npos);
}

TEST_F(ReadingArchive, ListsOnesOwnNewestFirst) {
    Gateway gateway(world);
    std::vector<std::string> mine;
    for (int i = 0; i < 5; ++i) {
        const auto id = Uuid::random();
        archive.put(archived(id, person.id, i));
        mine.insert(mine.begin(), id.to_string());
        archive.put(archived(Uuid::random(), administrator.id, i));
        archive.put(failed(archived(Uuid::random(), person.id, i), 500, "why"));
    }
    const auto page = gateway.get(person, "/predictions");
    EXPECT_EQ(ids_in(page), mine);
    EXPECT_EQ(header(page, "Link"), "");
    EXPECT_EQ(header(page, "Content-Type"), "application/json");
    EXPECT_EQ(ids_in(gateway.get(administrator, "/predictions")).size(), 5U) << "an administrator's own, too";
    EXPECT_TRUE(ids_in(gateway.get(Person{}, "/predictions")).empty());
    EXPECT_EQ(gateway.send({"GET", "/predictions"}).status, 401);
    const auto item = json::parse(page.body).at("predictions").as_array()[0].as_object();
    std::vector<std::string> names;
    for (const auto& member : item) names.emplace_back(member.key());
    EXPECT_EQ(names,
              (std::vector<std::string>{"id", "sepal_length", "sepal_width", "petal_length", "petal_width", "status",
                                        "model_id", "prediction", "model_type", "created_at", "message"}));
    EXPECT_EQ(gateway.get(person, "/predictions/" + std::string(item.at("id").as_string())).status, 200);
}

TEST_F(ReadingArchive, PagesNeitherSkipNorRepeat) {
    Gateway gateway(world);
    std::vector<std::pair<int, std::string>> all;
    for (int i = 0; i < 60; ++i) {
        const auto id = Uuid::random();
        archive.put(archived(id, person.id, i / 7));  // seven at a time were created at once
        all.emplace_back(i / 7, id.to_string());
    }
    std::sort(all.rbegin(), all.rend());
    std::vector<std::string> expected;
    for (const auto& [created, id] : all) expected.push_back(id);
    int later = 1000;
    const auto insert_at_the_head = [&] {
        for (int i = 0; i < 3; ++i) archive.put(archived(Uuid::random(), person.id, later++));
    };
    for (const int limit : {1, 7, 59, 60, 61}) {
        const auto before = ids_in(gateway.get(person, "/predictions?limit=1000"));
        const auto ids = all_pages(gateway, "/predictions?limit=" + std::to_string(limit), insert_at_the_head);
        EXPECT_EQ(ids, before) << limit;
        ASSERT_GE(ids.size(), expected.size());
        EXPECT_TRUE(std::equal(expected.rbegin(), expected.rend(), ids.rbegin())) << limit;
    }
}

TEST_F(ReadingArchive, APageGoesOnThoughItsLastPredictionIsGone) {
    Gateway gateway(world);
    std::vector<Uuid> ids;
    for (int i = 0; i < 6; ++i) {
        ids.push_back(Uuid::random());
        archive.put(archived(ids.back(), person.id, i));
    }
    const auto page = gateway.get(person, "/predictions?limit=3");
    archive.remove(ids[3]);
    EXPECT_EQ(ids_in(gateway.get(person, next_of(page))),
              (std::vector<std::string>{ids[2].to_string(), ids[1].to_string(), ids[0].to_string()}));
}

TEST_F(ReadingArchive, ACursorShowsNobodyElsesPredictions) {
    Gateway gateway(world);
    for (int i = 0; i < 4; ++i) archive.put(archived(Uuid::random(), person.id, i));
    const auto next = next_of(gateway.get(person, "/predictions?limit=2"));
    EXPECT_EQ(ids_in(gateway.get(person, next)).size(), 2U);
    EXPECT_TRUE(ids_in(gateway.get(administrator, next)).empty());
}

TEST_F(ReadingArchive, WhatCanNotBeUsedIs400WithWhatCan) {
    Gateway gateway(world);
    archive.put(archived(Uuid::random(), person.id, 1));
    for (const auto* query : {"limit=0", "limit=1001", "limit=ten", "limit=", "after=", "after=nonsense", "afer=x",
                              "user=6ba7b810-9dad-11d1-80b4-00c04fd430c8"}) {
        const auto refused = gateway.get(person, "/predictions?" + std::string(query));
        EXPECT_EQ(refused.status, 400) << query;
        EXPECT_EQ(header(refused, "Content-Type"), "application/problem+json");
        EXPECT_EQ(json::parse(refused.body).at("errors").as_array().size(), 1U) << refused.body;
    }
    EXPECT_EQ(gateway.get(person, "/predictions?limit=1000").status, 200);
    EXPECT_EQ(archive.asked(), 1) << "nothing else was worth a question";
}

TEST_F(ReadingArchive, WhileTheArchiveIsAwayPredictionsGoOn) {
    archive.away = true;
    Worker worker(*world.stream, world.registry);
    Gateway gateway(world);
    gateway.wait_until_ready();
    EXPECT_TRUE(eventually([&] { return gateway.missing().find("\"archive\"") != std::string::npos; }));
    EXPECT_TRUE(gateway.is_ready());
    for (const auto& path : {std::string("/predictions"), path_of(Uuid::random())}) {
        const auto refused = gateway.get(person, path);
        EXPECT_EQ(refused.status, 503);
        EXPECT_EQ(header(refused, "Retry-After"), "1");
        EXPECT_EQ(header(refused, "Content-Type"), "application/problem+json");
    }
    EXPECT_EQ(gateway.predict(person).status, 200);
    archive.away = false;
    EXPECT_TRUE(eventually([&] { return gateway.missing().find("archive") == std::string::npos; }));
    EXPECT_EQ(gateway.get(person, "/predictions").status, 200);
}

TEST_F(ReadingArchive, ASlowArchiveHoldsNobodyUp) {
    Worker worker(*world.stream, world.registry);
    Gateway gateway(world, [](gateway::Options& options) { options.archive_patience = 300ms; });
    gateway.wait_until_ready();
    archive.hold();
    std::vector<std::future<int>> readers;
    for (int i = 0; i < 100; ++i) {
        readers.push_back(std::async(std::launch::async, [&] { return gateway.get(person, "/predictions").status; }));
    }
    for (int i = 0; i < 20; ++i) EXPECT_EQ(gateway.predict(person).status, 200);
    for (auto& reader : readers) EXPECT_EQ(reader.get(), 503);
    archive.go_on();
    EXPECT_TRUE(eventually([&] { return gateway.get(person, "/predictions").status == 200; }));
}

TEST_F(ReadingArchive, StopsWhileTheArchiveIsAtWork) {
    auto gateway = std::make_unique<Gateway>(world);
    gateway->wait_until_ready();
    archive.hold();
    auto reading = std::async(std::launch::async, [&] {
        try {
            return gateway->get(person, "/predictions").status;
        } catch (const Unavailable&) {
            return 0;
        }
    });
    ASSERT_TRUE(eventually([&] { return archive.asked() == 1; }));
    auto stopping = std::async(std::launch::async, [&] { gateway->stop(100ms); });
    EXPECT_EQ(reading.get(), 0) << "cut off";
    archive.go_on();
    stopping.get();
}

}  // namespace
}  // namespace nearline::test
