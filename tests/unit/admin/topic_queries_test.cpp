#include "admin/topic_queries.hpp"

#include <boost/json/value.hpp>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <thread>

#include "domain/json.hpp"

namespace nearline::admin {
namespace {

namespace json = boost::json;
using Query = std::map<std::string, std::string>;

/// Questions put at an embedded stream.
class TopicQueriesTest : public testing::Test {
protected:
    TopicQueriesTest() { stream_->admin(std::chrono::seconds(5))->create_topic("letters", {.partitions = 3}); }
    ~TopicQueriesTest() override { std::filesystem::remove_all(folder_); }

    static std::string make_folder() {
        std::string pattern = (std::filesystem::temp_directory_path() / "admin.XXXXXX").string();
        return mkdtemp(pattern.data());
    }
    void store(int partition, const std::string& value, std::int64_t timestamp) {
        std::promise<stream::Delivery> stored;
        producer_->produce("letters", partition, {.value = value, .timestamp = timestamp},
                           [&](const stream::Delivery& delivery) { stored.set_value(delivery); });
        ASSERT_EQ(stored.get_future().get().outcome, stream::Delivery::Outcome::stored);
    }
    json::object records(const Query& query) { return parse(queries_.records("letters", query)); }
    static json::object parse(const Result<std::string>& answer) {
        EXPECT_TRUE(answer) << (answer ? "" : answer.error().detail);
        return parse_json(answer ? *answer : "{}").value().as_object();
    }
    static std::string values(const json::object& answer) {
        std::string text;
        for (const auto& record : answer.at("records").as_array()) text += record.at("value").as_string().c_str();
        return text;
    }

    std::string folder_ = make_folder();
    Metrics metrics_;
    std::unique_ptr<stream::Stream> stream_ = stream::open_embedded(folder_, {}, metrics_);
    std::unique_ptr<stream::Producer> producer_ = stream_->producer({});
    TopicQueries queries_{*stream_};
};

TEST_F(TopicQueriesTest, ListsTopics) {
    EXPECT_EQ(queries_.topics(), R"({"topics":[{"name":"letters","partitions":3,"replication_factor":1}]})");
}

TEST_F(TopicQueriesTest, TellsWhereLogsBeginAndEnd) {
    store(1, "a", 1);
    EXPECT_EQ(queries_.topic("letters").value(),
              R"({"name":"letters","replication_factor":1,"partitions":[{"partition":0,"start":0,"end":0},)"
              R"({"partition":1,"start":0,"end":1},{"partition":2,"start":0,"end":0}]})");
    EXPECT_EQ(queries_.topic("none").error().status, 404);
}

TEST_F(TopicQueriesTest, ShowsTheNewestOfAllPartitionsInTheOrderOfTime) {
    store(0, "a", 100);
    store(1, "b", 200);
    store(0, "c", 300);
    store(2, "d", 400);
    EXPECT_EQ(values(records({})), "abcd");
    EXPECT_EQ(values(records({{"limit", "2"}})), "cd");
    EXPECT_EQ(values(records({{"partition", "0"}})), "ac");
    EXPECT_EQ(records({}).at("next"), "0:2,1:1,2:1");
}

TEST_F(TopicQueriesTest, GoesOnWhereAnAnswerEnded) {
    for (int i = 0; i < 5; ++i) store(0, std::string(1, static_cast<char>('a' + i)), 100 + i);
    auto page = records({{"from", "earliest"}, {"limit", "2"}});
    EXPECT_EQ(values(page), "ab");
    page = records({{"from", page.at("next").as_string().c_str()}, {"limit", "2"}});
    EXPECT_EQ(values(page), "cd");
    page = records({{"from", page.at("next").as_string().c_str()}, {"limit", "2"}});
    EXPECT_EQ(values(page), "e");
    page = records({{"from", page.at("next").as_string().c_str()}, {"limit", "2"}});
    EXPECT_EQ(values(page), "");
    EXPECT_EQ(page.at("next"), "0:5,1:0,2:0");
    EXPECT_EQ(values(records({{"partition", "0"}, {"offset", "3"}})), "de");
}

TEST_F(TopicQueriesTest, WaitsForARecordThatIsStillToCome) {
    const auto next = std::string(records({{"from", "latest"}}).at("next").as_string());
    auto answer = std::async(std::launch::async, [&] { return records({{"from", next}, {"wait", "10"}}); });
    store(2, "x", 1);
    EXPECT_EQ(values(answer.get()), "x");
}

TEST_F(TopicQueriesTest, LetsGoOfWhoWaitsWhenItStops) {
    auto answer = std::async(std::launch::async, [&] { return records({{"from", "latest"}, {"wait", "10"}}); });
    const auto start = std::chrono::steady_clock::now();
    queries_.stop();
    EXPECT_EQ(values(answer.get()), "");
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
}

TEST_F(TopicQueriesTest, RefusesWhatIsNotThere) {
    EXPECT_EQ(queries_.records("none", {}).error().status, 404);
    EXPECT_EQ(queries_.records("letters", {{"limit", "x"}}).error().status, 400);
    const auto problem = queries_.records("letters", {{"partition", "3"}}).error();
    EXPECT_EQ(problem.status, 400);
    EXPECT_EQ(problem.errors.at(0).detail, "the topic has partitions 0 to 2");
}

TEST_F(TopicQueriesTest, TellsHowFarGroupsAreBehind) {
    for (int i = 0; i < 3; ++i) store(1, "x", 1);
    const auto consumer = stream_->consumer({.group = "readers", .topics = {"letters"}}, {});
    std::size_t read = 0;
    while (read < 3) read += consumer->poll(10, std::chrono::seconds(5)).size();
    consumer->commit({{{"letters", 1}, 1}});
    const auto groups = parse(queries_.groups()).at("groups").as_array();
    ASSERT_EQ(groups.size(), 1U);
    EXPECT_EQ(groups[0].at("name"), "readers");
    EXPECT_EQ(groups[0].at("members"), 1);
    EXPECT_EQ(groups[0].at("lag"), 2);
    EXPECT_EQ(groups[0].at("partitions"),
              parse_json(R"([{"topic":"letters","partition":1,"committed":1,"end":3,"lag":2}])").value());
    consumer->close();
}

TEST_F(TopicQueriesTest, AnswersByPath) {
    EXPECT_EQ(queries_.answer("/admin/topics", {}).value(), queries_.topics());
    EXPECT_EQ(queries_.answer("/admin/topics/letters", {}).value(), queries_.topic("letters").value());
    EXPECT_TRUE(queries_.answer("/admin/topics/letters/records", {}));
    EXPECT_TRUE(queries_.answer("/admin/groups", {}));
    EXPECT_EQ(queries_.answer("/admin/topics/letters/other", {}).error().status, 404);
    EXPECT_EQ(queries_.answer("/other", {}).error().status, 404);
}

}  // namespace
}  // namespace nearline::admin
