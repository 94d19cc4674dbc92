#include "admin/dead_letter_desk.hpp"

#include <boost/json/value.hpp>
#include <future>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "domain/json.hpp"
#include "stream/dead_letter.hpp"
#include "support/temp_dir.hpp"

namespace nearline::admin {
namespace {

namespace json = boost::json;
using testing::ElementsAre;
using testing::IsEmpty;
using Query = std::map<std::string, std::string>;

const std::string dlq = "input-topic.prediction.dlq";
const std::string retry = "input-topic.prediction.retry";
constexpr std::chrono::seconds patience{10};

/// Letters on an embedded stream.
class DeadLetterDeskTest : public testing::Test {
protected:
    DeadLetterDeskTest() {
        for (const auto& name : {dlq, retry}) stream_->admin(patience)->create_topic(name, {.partitions = 2});
    }

    void store(int partition, const stream::Record& record) {
        stream_->fenced_writer("letters", patience)->write({{dlq, partition, record}});
    }
    void store(int partition, const std::string& value, const std::string& topic = "input-topic") {
        store(partition, make_dead_letter(source(value, topic), reason_));
    }
    static stream::ConsumedRecord source(const std::string& value, const std::string& topic = "input-topic") {
        stream::ConsumedRecord record;
        record.key = "k";
        record.value = value;
        record.headers = {{"request-id", "r-" + value}};
        record.at = {topic, 3};
        record.offset = 4711;
        return record;
    }
    static json::object parse(const Result<std::string>& answer) {
        EXPECT_TRUE(answer) << (answer ? "" : answer.error().detail);
        return parse_json(answer ? *answer : "{}").value().as_object();
    }
    std::vector<std::string> listed(const Query& query = {}) {
        std::vector<std::string> all;
        const auto answer = parse(desk_.list(dlq, query));
        for (const auto& letter : answer.at("letters").as_array()) {
            all.push_back(std::to_string(letter.at("partition").as_int64()) + ":" +
                          std::to_string(letter.at("offset").as_int64()) + " " +
                          letter.at("state").as_string().c_str());
        }
        return all;
    }
    std::vector<stream::ConsumedRecord> retried() {
        std::vector<stream::ConsumedRecord> all;
        stream_->scan({{{retry, 0}, 0}, {{retry, 1}, 0}}, patience, [&](stream::ConsumedRecord&& record) {
            all.push_back(std::move(record));
            return true;
        });
        return all;
    }

    test::TempDir folder_;
    Metrics metrics_;
    std::unique_ptr<stream::Stream> stream_ = stream::open_embedded(folder_ / "s", {}, metrics_);
    DeadLetterDesk desk_{*stream_};
    const Rejection reason_{"json", "MalformedJson", "no JSON", 400};
};

TEST_F(DeadLetterDeskTest, NamesTheTopicsThatHoldDeadLetters) {
    stream_->admin(patience)->create_topic("other.dlq", {.partitions = 1});
    EXPECT_EQ(desk_.topics(), R"({"topics":[{"topic":")" + dlq + R"(","retry_topic":")" + retry + "\"}]}");
}

TEST_F(DeadLetterDeskTest, ListsLettersInPages) {
    for (int i = 0; i < 3; ++i) store(1, std::to_string(i));
    store(0, "a");
    EXPECT_THAT(listed(), ElementsAre("0:0 waiting", "1:0 waiting", "1:1 waiting", "1:2 waiting"));
    auto page = parse(desk_.list(dlq, {{"limit", "3"}}));
    EXPECT_EQ(page.at("letters").as_array().size(), 3U);
    EXPECT_EQ(page.at("last"), false);
    const auto& letter = page.at("letters").as_array().at(0);
    EXPECT_EQ(letter.at("class"), "MalformedJson");
    EXPECT_EQ(letter.at("reason"), "no JSON");
    EXPECT_EQ(letter.at("key"), "k");
    EXPECT_EQ(letter.at("origin"), parse_json(R"({"topic":"input-topic","partition":3,"offset":4711})").value());
    const Query next{{"limit", "3"},
                     {"cursor", page.at("cursor").as_string().c_str()},
                     {"until", page.at("until").as_string().c_str()}};
    store(1, "later");
    EXPECT_THAT(listed(next), ElementsAre("1:2 waiting"));
}

TEST_F(DeadLetterDeskTest, ShowsALetterWhole) {
    const std::string framed = std::string("\0\0\0\0\7", 5) + R"({"sepal_length": 1.50})";
    store(0, framed);
    store(0, std::string("\x01\xff", 2));
    store(0, make_dead_letter_stub(source("large"), reason_));
    const auto text = desk_.show(dlq, "0", "0").value();
    EXPECT_THAT(text, testing::HasSubstr(R"("schema_id":7,"value":{"sepal_length": 1.50})"));
    EXPECT_THAT(text, testing::HasSubstr(R"({"key":"__connect.errors.class.name","value":"MalformedJson"})"));
    EXPECT_EQ(parse(desk_.show(dlq, "0", "1")).at("value_hex"), "01ff");
    const auto stub = parse(desk_.show(dlq, "0", "2"));
    EXPECT_EQ(stub.at("state"), "stub");
    EXPECT_EQ(stub.at("value_size"), "5");
    EXPECT_TRUE(stub.contains("value_sha256"));
    for (const auto* offset : {"3", "x", "-1"}) EXPECT_EQ(desk_.show(dlq, "0", offset).error().status, 404) << offset;
    EXPECT_EQ(desk_.show(dlq, "9", "0").error().status, 404);
}

TEST_F(DeadLetterDeskTest, ReplaysEachLetterOnceAsTheRecordItWas) {
    store(0, "a");
    store(1, "b");
    store(1, make_dead_letter_stub(source("large"), reason_));
    EXPECT_EQ(parse(desk_.replay(dlq, {{"dry_run", "true"}})).at("replayed"), 2);
    EXPECT_THAT(retried(), IsEmpty());
    const auto answer = parse(desk_.replay(dlq, {}));
    EXPECT_EQ(answer.at("replayed"), 2);
    EXPECT_EQ(answer.at("stubs"), parse_json(R"(["1:1"])").value());
    EXPECT_THAT(listed(), ElementsAre("0:0 replayed", "1:0 replayed", "1:1 stub"));
    const auto again = parse(desk_.replay(dlq, {}));
    EXPECT_EQ(again.at("replayed"), 0);
    EXPECT_EQ(again.at("skipped"), parse_json(R"({"replayed":2,"returned":0,"stub":1})").value());
    const auto records = retried();
    ASSERT_EQ(records.size(), 2U);
    EXPECT_EQ(records[0].key, "k");
    EXPECT_EQ(records[0].headers.size(), 1U);
    EXPECT_EQ(parse(desk_.replay(dlq, {{"again", "true"}, {"offsets", "1:0"}})).at("replayed"), 1);
    EXPECT_EQ(retried().size(), 3U);
}

TEST_F(DeadLetterDeskTest, DoesNotReplayWhatCameBackUnlessTold) {
    store(0, "a");
    parse(desk_.replay(dlq, {}));
    store(0, "a", retry);
    EXPECT_THAT(listed(), ElementsAre("0:0 replayed", "0:2 returned"));
    EXPECT_EQ(parse(desk_.replay(dlq, {})).at("replayed"), 0);
    EXPECT_EQ(parse(desk_.replay(dlq, {{"returned", "true"}})).at("replayed"), 1);
    EXPECT_THAT(listed(), ElementsAre("0:0 replayed", "0:2 replayed"));
}

TEST_F(DeadLetterDeskTest, GoesOnAfterAnotherHasReplayed) {
    for (int i = 0; i < 4; ++i) store(0, std::to_string(i));
    parse(desk_.replay(dlq, {{"limit", "1"}}));
    DeadLetterDesk other(*stream_);
    EXPECT_EQ(parse(other.replay(dlq, {{"limit", "2"}})).at("replayed"), 1) << "of the first two";
    // Its writer is not the youngest any more: it says so, and makes a new one.
    EXPECT_THROW(desk_.replay(dlq, {}), Unavailable);
    const auto answer = parse(desk_.replay(dlq, {}));
    EXPECT_EQ(answer.at("replayed"), 2);
    EXPECT_EQ(answer.at("classes"), parse_json(R"({"MalformedJson":2})").value());
    EXPECT_EQ(retried().size(), 4U);
}

TEST_F(DeadLetterDeskTest, LeavesTheTopicToWhoTakesItTwice) {
    for (int i = 0; i < 4; ++i) store(0, std::to_string(i));
    DeadLetterDesk other(*stream_);
    parse(desk_.replay(dlq, {{"offsets", "0:0"}}));
    parse(other.replay(dlq, {{"offsets", "0:1"}}));
    EXPECT_THROW(desk_.replay(dlq, {}), stream::FencedOff);
    parse(desk_.replay(dlq, {{"offsets", "0:2"}}));
    EXPECT_THROW(other.replay(dlq, {}), stream::FencedOff);
    parse(other.replay(dlq, {{"offsets", "0:3"}}));
    EXPECT_EQ(desk_.drop(dlq, {}).error().status, 409);
    EXPECT_EQ(retried().size(), 4U);
    EXPECT_EQ(parse(other.drop(dlq, {})).at("dropped"), 4);
}

TEST_F(DeadLetterDeskTest, DropsLettersAndCutsTheLogWhereAllAreGone) {
    for (int i = 0; i < 4; ++i) store(0, std::to_string(i));
    EXPECT_EQ(parse(desk_.drop(dlq, {{"dry_run", "true"}, {"offsets", "0:1"}})).at("dropped"), 1);
    EXPECT_EQ(listed().size(), 4U);
    EXPECT_EQ(parse(desk_.drop(dlq, {{"offsets", "0:1"}})).at("dropped"), 1);
    EXPECT_THAT(listed(), ElementsAre("0:0 waiting", "0:2 waiting", "0:3 waiting"));
    EXPECT_EQ(stream_->admin(patience)->watermarks({dlq, 0}).start, 0) << "a letter before it is left";
    EXPECT_EQ(desk_.show(dlq, "0", "1").error().status, 404);
    EXPECT_THAT(listed({{"state", "dropped"}}), ElementsAre("0:1 dropped"));
    EXPECT_EQ(parse(desk_.drop(dlq, {{"offsets", "0:0"}})).at("dropped"), 1);
    EXPECT_EQ(stream_->admin(patience)->watermarks({dlq, 0}).start, 2);
    const auto answer = parse(desk_.drop(dlq, {}));
    EXPECT_EQ(answer.at("dropped"), 2);
    EXPECT_EQ(answer.at("classes"), parse_json(R"({"MalformedJson":2})").value());
    EXPECT_THAT(listed(), IsEmpty());
    const auto log = stream_->admin(patience)->watermarks({dlq, 0});
    EXPECT_EQ(log.start, log.end);
    store(0, "new");
    EXPECT_EQ(listed().size(), 1U);
}

TEST_F(DeadLetterDeskTest, RefusesWhatIsNotThere) {
    for (const auto* name : {"input-topic", "a.b.dlq"}) EXPECT_EQ(desk_.list(name, {}).error().status, 404) << name;
    EXPECT_EQ(desk_.list(dlq, {{"limit", "x"}}).error().status, 400);
    stream_->admin(patience)->create_topic("a.b.dlq", {.partitions = 1});
    EXPECT_EQ(desk_.replay("a.b.dlq", {}).error().status, 409) << "nobody would read it";
}

TEST_F(DeadLetterDeskTest, AnswersByPath) {
    store(0, "a");
    EXPECT_EQ(desk_.answer("GET", "/admin/dead-letters", {}).value(), desk_.topics());
    EXPECT_TRUE(desk_.answer("GET", "/admin/dead-letters/" + dlq, {}));
    EXPECT_TRUE(desk_.answer("GET", "/admin/dead-letters/" + dlq + "/0/0", {}));
    EXPECT_TRUE(desk_.answer("POST", "/admin/dead-letters/" + dlq + "/replay", {{"dry_run", "true"}}));
    EXPECT_TRUE(desk_.answer("POST", "/admin/dead-letters/" + dlq + "/drop", {{"dry_run", "true"}}));
    EXPECT_EQ(desk_.answer("GET", "/admin/dead-letters/" + dlq + "/replay", {}).error().status, 404);
    EXPECT_EQ(desk_.answer("GET", "/other", {}).error().status, 404);
}

}  // namespace
}  // namespace nearline::admin
