#include "cli/topics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdexcept>

#include "domain/json.hpp"

namespace nearline::cli {
namespace {

using Query = std::map<std::string, std::string>;

/// An admin API with prepared answers, which notes what it was asked.
class Answers {
public:
    explicit Answers(std::vector<std::string> answers) : answers_(std::move(answers)) {}
    AskAdmin ask() {
        return [this](const std::string& path, const Query& query) {
            asked.emplace_back(path, query);
            if (asked.size() > answers_.size()) throw std::runtime_error("no more answers");
            return parse_json(answers_[asked.size() - 1]).value();
        };
    }
    std::vector<std::pair<std::string, Query>> asked;

private:
    std::vector<std::string> answers_;
};

std::string printed(const std::function<void()>& run) {
    testing::internal::CaptureStdout();
    run();
    return testing::internal::GetCapturedStdout();
}

TEST(Topics, AreListedAsATable) {
    Answers api({R"({"topics":[{"name":"input-topic","partitions":12,"replication_factor":1},)"
                 R"({"name":"x","partitions":3,"replication_factor":3}]})"});
    const auto text = printed([&] { EXPECT_EQ(list_topics(api.ask()), 0); });
    EXPECT_EQ(text,
              "TOPIC        PARTITIONS  REPLICATION\n"
              "input-topic  12          1\n"
              "x            3           3\n");
}

TEST(Topics, TailShowsTheNewestRecordsAsJsonLines) {
    Answers api({R"({"records":[{"partition":0,"value":{"a":2.0}},{"partition":1,"value":null}],"next":"0:1,1:1"})"});
    const auto text = printed([&] { EXPECT_EQ(tail_topic(api.ask(), {.topic = "t", .last = 5}), 0); });
    EXPECT_EQ(text, "{\"partition\":0,\"value\":{\"a\":2.0}}\n{\"partition\":1,\"value\":null}\n");
    ASSERT_EQ(api.asked.size(), 1U);
    EXPECT_EQ(api.asked[0].first, "/admin/topics/t/records");
    EXPECT_EQ(api.asked[0].second, (Query{{"from", "last"}, {"limit", "5"}}));
}

TEST(Topics, FromTheBeginningItGoesOnUntilNothingIsLeft) {
    Answers api({R"({"records":[{"n":1}],"next":"0:1"})", R"({"records":[{"n":2}],"next":"0:2"})",
                 R"({"records":[],"next":"0:2"})"});
    const auto text = printed([&] { EXPECT_EQ(tail_topic(api.ask(), {.topic = "t", .from_beginning = true}), 0); });
    EXPECT_EQ(text, "{\"n\":1}\n{\"n\":2}\n");
    EXPECT_EQ(api.asked[1].second.at("from"), "0:1");
    EXPECT_EQ(api.asked[2].second.at("from"), "0:2");
}

TEST(Topics, FollowGoesOnBehindTheLastRecord) {
    Answers api({R"({"records":[],"next":"0:7"})", R"({"records":[{"n":8}],"next":"0:8"})"});
    const auto text = printed(
        [&] { EXPECT_THROW(tail_topic(api.ask(), {.topic = "t", .last = 0, .follow = true}), std::runtime_error); });
    EXPECT_EQ(text, "{\"n\":8}\n");
    EXPECT_EQ(api.asked[0].second.at("from"), "latest");
    EXPECT_EQ(api.asked[1].second, (Query{{"from", "0:7"}, {"limit", "1000"}, {"wait", "10"}}));
    EXPECT_EQ(api.asked[2].second.at("from"), "0:8");
}

TEST(Topics, AnUnknownTopicIsRefusedInTheWordsOfTheCommandLine) {
    const AskAdmin api = [](const std::string& path, const Query&) {
        if (path != "/admin/topics") throw AdminRefusal(404, "HTTP 404: GET /admin/topics lists topics");
        return parse_json(R"({"topics":[{"name":"input-topic"},{"name":"x"}]})").value();
    };
    EXPECT_THAT([&] { tail_topic(api, {.topic = "nope"}); },
                testing::ThrowsMessage<std::runtime_error>(
                    "there is no topic \"nope\"; `nearline topics list` shows those there are: input-topic, x"));
    const AskAdmin no_api = [](const std::string& path, const Query&) -> boost::json::value {
        throw AdminRefusal(404, "HTTP 404: There is no " + path + " here.");
    };
    EXPECT_THAT([&] { tail_topic(no_api, {.topic = "nope"}); },
                testing::ThrowsMessage<AdminRefusal>("HTTP 404: There is no /admin/topics here."))
        << "it is no admin API";
}

}  // namespace
}  // namespace nearline::cli
