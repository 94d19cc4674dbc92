#include <boost/json/serialize.hpp>
#include <filesystem>
#include <set>

#include "support/temp_dir.hpp"
#include "worker_fixture.hpp"

namespace nearline::prediction {
namespace {

using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

TEST_F(WorkerTest, AnswersWhereItsRequestIsAwaited) {
    const auto id = new_id();
    const auto user = new_id();
    const std::string digest(64, 'd');
    auto record = request(virginica, {{"request-id", id},
                                      {"user", user},
                                      {"reply-partition", "2"},
                                      {"body-digest", digest},
                                      {"traceparent", "00-trace-01"},
                                      {"color", "blue"}});
    record.key = "flower";
    stream_.append("input-topic", 1, record);
    start();
    ASSERT_TRUE(wait_for_answers(1));
    const auto answer = answers().front();
    EXPECT_EQ(answer.partition, 2);
    EXPECT_EQ(answer.record.key, "flower");
    EXPECT_EQ(answer.record.headers, (std::vector<stream::Header>{{"request-id", id},
                                                                  {"user", user},
                                                                  {"reply-partition", "2"},
                                                                  {"body-digest", digest},
                                                                  {"traceparent", "00-trace-01"}}));
    const auto json = json_of(answer);
    EXPECT_EQ(json.at("prediction"), "virginica");
    EXPECT_EQ(json.at("status"), 200);
    EXPECT_EQ(json.at("model_id").as_string(), models_->current()->info().id.to_string());
    EXPECT_EQ(json.at("sepal_length"), 0.5);
    EXPECT_TRUE(output_->schema().validate(json).empty());
    EXPECT_TRUE(wait_for_commit(1, 1));
    EXPECT_TRUE(ready_);
    EXPECT_EQ(count("nearline_prediction_records_total", {{"outcome", "predicted"}}), 1);
}

TEST_F(WorkerTest, RecordsOfOtherClientsGetIdsOfTheirOwn) {
    for (int i = 0; i < 3; ++i) {
        auto record = request(setosa);
        record.key = "all alike";
        stream_.append("input-topic", 0, record);
    }
    start();
    ASSERT_TRUE(wait_for_answers(3));
    std::set<std::string> ids;
    for (const auto& answer : answers()) {
        EXPECT_EQ(answer.partition, std::nullopt) << "by its key";
        EXPECT_EQ(answer.record.key, "all alike");
        EXPECT_EQ(json_of(answer).at("prediction"), "setosa");
        ids.insert(header(answer, "request-id"));
    }
    EXPECT_EQ(ids.size(), 3U);
}

TEST_F(WorkerTest, AnIgnoredReplyPartitionIsCounted) {
    stream_.append("input-topic", 0, request(setosa, {{"reply-partition", "junk"}}));
    stream_.append("input-topic", 0, request(setosa, {{"reply-partition", "3"}}));
    start();
    ASSERT_TRUE(wait_for_answers(2));
    for (const auto& answer : answers()) EXPECT_EQ(answer.partition, std::nullopt);
    EXPECT_EQ(count("nearline_prediction_reply_partition_ignored_total"), 2);
}

TEST_F(WorkerTest, LearnsThatTheOutputTopicGrew) {
    start();
    ASSERT_TRUE(stream_.wait([&] { return ready_.load(); }));
    stream_.set_partitions(5);
    stream_.append("input-topic", 0, request(setosa, {{"reply-partition", "4"}}));
    ASSERT_TRUE(wait_for_answers(1));
    EXPECT_EQ(answers()[0].partition, std::nullopt);
    stream_.append("input-topic", 0, request(setosa, {{"reply-partition", "4"}}));
    ASSERT_TRUE(wait_for_answers(2));
    EXPECT_EQ(answers()[1].partition, 4);
}

struct Poison {
    const char* name;
    std::function<std::optional<std::string>(std::int32_t id, std::int32_t foreign)> value;
    const char* class_name;
    int status;
    bool knows_a_feature = false;
};

class WorkerPoisonTest : public WorkerTest, public testing::WithParamInterface<Poison> {};

TEST_P(WorkerPoisonTest, GoesToTheDeadLettersAndTheQueueMovesOn) {
    const auto foreign = registry_.put("other-topic-value", R"({"type":"object"})");
    const auto id = new_id();
    stream::Record poison{.key = "k", .value = GetParam().value(schema_id(), foreign), .headers = {}};
    stream_.append("input-topic", 0, poison);
    poison.headers = {{"request-id", id}, {"reply-partition", "1"}};
    stream_.append("input-topic", 0, poison);
    stream_.append("input-topic", 0, request(virginica));
    start();
    ASSERT_TRUE(wait_for_commit(0, 3)) << "the queue moves on";

    ASSERT_EQ(dead_letters().size(), 2U);
    for (const auto& letter : dead_letters()) {
        EXPECT_EQ(letter.record.value, poison.value) << "untouched";
        EXPECT_EQ(letter.record.key, "k");
        EXPECT_EQ(header(letter, "__connect.errors.class.name"), GetParam().class_name);
        EXPECT_EQ(header(letter, "__connect.errors.topic"), "input-topic");
    }
    ASSERT_EQ(answers().size(), 2U) << "one failure, for the record with an id, and one prediction";
    for (const auto& answer : answers()) {
        const auto json = json_of(answer);
        EXPECT_TRUE(output_->schema().validate(json).empty()) << boost::json::serialize(json);
        if (header(answer, "request-id") != id) {
            EXPECT_EQ(json.at("prediction"), "virginica");
            continue;
        }
        EXPECT_EQ(answer.partition, 1);
        EXPECT_EQ(json.at("status"), GetParam().status);
        EXPECT_TRUE(json.at("prediction").is_null());
        EXPECT_TRUE(json.at("model_id").is_null());
        EXPECT_EQ(json.at("message").as_string(), header(dead_letters()[1], "__connect.errors.exception.message"));
        EXPECT_EQ(json.at("sepal_length").is_null(), !GetParam().knows_a_feature);
        EXPECT_TRUE(json.at("petal_width").is_null());
    }
    EXPECT_EQ(count("nearline_prediction_dead_letters_total", {{"class", GetParam().class_name}}), 2);
}

INSTANTIATE_TEST_SUITE_P(
    , WorkerPoisonTest,
    testing::Values(
        Poison{"null_value", [](int, int) { return std::nullopt; }, "NullValue", 400},
        Poison{"empty_value", [](int, int) { return ""; }, "EmptyValue", 400},
        Poison{"short_frame", [](int, int) { return std::string("\0\0\1", 3); }, "NoFrame", 400},
        Poison{"no_frame", [](int, int) { return R"({"sepal_length":5.2})"; }, "WrongMagicByte", 400, true},
        Poison{"unknown_id", [](int, int) { return schema::frame(999, R"({"sepal_length":5.2})"); }, "UnknownSchemaId",
               422, true},
        Poison{"foreign_id", [](int, int foreign) { return schema::frame(foreign, R"({"sepal_length":5.2})"); },
               "ForeignSchemaId", 422, true},
        Poison{"no_json", [](int id, int) { return schema::frame(id, "{sepal_length: 5.2}"); }, "MalformedJson", 400},
        Poison{"breaks_the_schema", [](int id, int) { return schema::frame(id, R"({"sepal_length":5.2,"extra":1})"); },
               "SchemaViolation", 422, true},
        Poison{"too_large_for_float32",
               [](int id, int) {
                   return schema::frame(id,
                                        R"({"sepal_length":1e308,"sepal_width":1,"petal_length":1,"petal_width":"1"})");
               },
               "SchemaViolation", 422, true}),
    [](const auto& one) { return one.param.name; });

TEST_F(WorkerTest, AnotherSchemaOfTheTopicIsReadButMustHaveTheFeatures) {
    const auto loose = registry_.put("input-topic-value", R"({"type":"object"})");
    stream_.append("input-topic", 0, {.key = {}, .value = schema::frame(loose, virginica)});
    stream_.append("input-topic", 0, {.key = {}, .value = schema::frame(loose, R"({"sepal_length":1})")});
    start();
    ASSERT_TRUE(wait_for_commit(0, 2));
    EXPECT_EQ(json_of(answers().at(0)).at("prediction"), "virginica");
    EXPECT_EQ(header(dead_letters().at(0), "__connect.errors.class.name"), "UnusableFeature");
}

TEST_F(WorkerTest, ARowThatTheModelCanNotAnswerTakesNoOtherWithIt) {
    model_file_ = "tests/data/models/rounding.onnx";
    const auto id = new_id();
    const auto row = [](const char* first) {
        return R"({"sepal_length":)" + std::string(first) + R"(,"sepal_width":0,"petal_length":0,"petal_width":0})";
    };
    stream_.append("input-topic", 0, request(row("0.5")));
    stream_.append("input-topic", 0, request(row("7.5"), {{"request-id", id}}));
    stream_.append("input-topic", 0, request(row("2.5")));
    start();
    ASSERT_TRUE(wait_for_commit(0, 3));
    std::vector<std::string> predictions;
    for (const auto& answer : answers()) {
        const auto json = json_of(answer);
        if (header(answer, "request-id") == id) {
            EXPECT_EQ(json.at("status"), 500);
        } else {
            predictions.emplace_back(json.at("prediction").as_string());
        }
    }
    EXPECT_THAT(predictions, testing::ElementsAre("setosa", "virginica"));
    EXPECT_EQ(header(dead_letters().at(0), "__connect.errors.class.name"), "ModelFailed");
}

TEST_F(WorkerTest, ABatchIsOneCallOfOneModel) {
    for (int i = 0; i < 500; ++i) stream_.append("input-topic", i % 3, request(i % 2 == 0 ? setosa : virginica));
    start();
    ASSERT_TRUE(wait_for_answers(500));
    EXPECT_THAT(metrics_.exposition(), HasSubstr("nearline_prediction_batch_size_sum 500"));
    EXPECT_THAT(metrics_.exposition(), HasSubstr("nearline_prediction_batch_size_count 1\n"));
}

TEST_F(WorkerTest, UsesANewModelFromOneBatchToTheNext) {
    const test::TempDir folder;
    model_file_ = folder / "model.onnx";
    std::filesystem::copy_file("models/iris.onnx", model_file_);
    start();
    stream_.append("input-topic", 0, request(virginica));
    ASSERT_TRUE(wait_for_answers(1));
    // Its columns are in another order, too: petal_width comes first and rounds to class 1.
    std::filesystem::copy_file("tests/data/models/rounding_other_order.onnx", folder / "new");
    std::filesystem::rename(folder / "new", model_file_);
    models_->look();
    stream_.append("input-topic", 0, request(virginica));
    ASSERT_TRUE(wait_for_answers(2));
    EXPECT_EQ(json_of(answers()[0]).at("prediction"), "virginica");
    EXPECT_EQ(json_of(answers()[1]).at("prediction"), "versicolor");
    EXPECT_EQ(json_of(answers()[1]).at("model_type"), "TestModel");
    EXPECT_NE(json_of(answers()[0]).at("model_id"), json_of(answers()[1]).at("model_id"));
    worker_->stop();
}

TEST_F(WorkerTest, ReadsTheRetryTopicToo) {
    options_.retry_topic = "input-topic.prediction.retry";
    stream_.assign({{options_.retry_topic, 0}});
    stream_.append(options_.retry_topic, 0, request(setosa));
    stream_.append(options_.retry_topic, 0, {.key = {}, .value = "poison"});
    start();
    ASSERT_TRUE(wait_for_answers(1));
    ASSERT_TRUE(stream_.wait([&] { return dead_letters().size() == 1; })) << "in the input topic's dead letters";
    EXPECT_EQ(header(dead_letters()[0], "__connect.errors.topic"), options_.retry_topic);
}

}  // namespace
}  // namespace nearline::prediction
