#include "prediction/answer.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "schema/framing.hpp"

namespace nearline::prediction {
namespace {

namespace json = boost::json;
using testing::ElementsAre;
using testing::HasSubstr;

const FeatureReader reader({"a", "b"});

std::string why_not(const std::string& text) {
    const auto taken = reader.read(json::parse(text));
    const auto* rejection = std::get_if<Rejection>(&taken);
    return rejection == nullptr ? "" : rejection->message;
}

TEST(FeatureReader, TakesFeaturesInTheSchemasOrder) {
    const auto taken = reader.read(json::parse(R"({"more":"text","b":2,"a":1.5})"));
    ASSERT_TRUE(std::holds_alternative<Features>(taken));
    EXPECT_THAT(std::get<Features>(taken), ElementsAre(Feature{"a", 1.5}, Feature{"b", 2.0}));
}

TEST(FeatureReader, TakesWholeNumbersOfEverySize) {
    const auto taken = reader.read(json::parse(R"({"a":-9223372036854775808,"b":18446744073709551615})"));
    ASSERT_TRUE(std::holds_alternative<Features>(taken));
    EXPECT_THAT(std::get<Features>(taken), ElementsAre(Feature{"a", -0x1p63}, Feature{"b", 0x1p64}));
}

TEST(FeatureReader, RejectsWhatAnotherSchemaLetThrough) {
    EXPECT_THAT(why_not(R"({"a":1})"), HasSubstr("/b is missing"));
    EXPECT_THAT(why_not(R"({"a":1,"b":"2"})"), HasSubstr("/b must be a number"));
    EXPECT_THAT(why_not(R"({"a":null,"b":2})"), HasSubstr("/a must be a number"));
    EXPECT_THAT(why_not(R"({"a":1e308,"b":2})"), HasSubstr("/a must be finite as float32"));
    EXPECT_THAT(why_not(R"({"a":-3.4028236e38,"b":2})"), HasSubstr("/a must be finite as float32"));
    EXPECT_THAT(why_not("[1, 2]"), HasSubstr("must be an object"));
    EXPECT_EQ(why_not(R"({"a":3.4e38,"b":-3.4028235e38})"), "");
}

TEST(FeatureReader, TellsOfARejectedRecordWhatItHas) {
    const auto nothing = Features{{"a", std::nullopt}, {"b", std::nullopt}};
    EXPECT_EQ(reader.as_far_as_known(std::nullopt), nothing);
    EXPECT_EQ(reader.as_far_as_known(""), nothing);
    EXPECT_EQ(reader.as_far_as_known("no json"), nothing);
    EXPECT_EQ(reader.as_far_as_known(schema::frame(7, "[1]")), nothing);
    EXPECT_EQ(reader.as_far_as_known(schema::frame(7, R"({"a":1e999,"b":"2"})")), nothing);
    const auto partly = Features{{"a", 5.5}, {"b", std::nullopt}};
    EXPECT_EQ(reader.as_far_as_known(schema::frame(7, R"({"a":5.5,"b":{}})")), partly);
    EXPECT_EQ(reader.as_far_as_known(R"({"a":5.5})"), partly) << "a producer that forgot the frame";
}

TEST(Rows, FollowTheModelsOrder) {
    ModelInfo model;
    model.feature_names = {"b", "a"};
    const auto columns = columns_of(model, reader.names());
    std::vector<float> rows;
    append_row(rows, {{"a", 1.0}, {"b", 2.0}}, columns);
    append_row(rows, {{"a", 3.0}, {"b", 4.0}}, columns);
    EXPECT_THAT(rows, ElementsAre(2.0F, 1.0F, 4.0F, 3.0F));
}

TEST(Answers, EchoTheDoublesAndNameTheModel) {
    ModelInfo model;
    model.id = *Uuid::parse("afe4e043-4d09-4bf9-9fe8-a6d030441221");
    model.model_type = "LogisticRegressionModel";
    const auto made =
        make_prediction({{"sepal_length", 2.0}, {"petal_width", 0.1}}, model, "setosa", "2022-12-29 00:07:11.830677");
    EXPECT_EQ(to_json(made), R"({"sepal_length":2.0,"petal_width":0.1,"status":200,)"
                             R"("model_id":"afe4e043-4d09-4bf9-9fe8-a6d030441221","prediction":"setosa",)"
                             R"("model_type":"LogisticRegressionModel","created_at":"2022-12-29 00:07:11.830677",)"
                             R"("message":"Success"})");
}

TEST(Answers, FailuresSayWhy) {
    const auto made =
        make_failure({{"a", 1.0}, {"b", std::nullopt}},
                     {.stage = "schema", .class_name = "UnknownSchemaId", .message = "why", .status = 422},
                     "2022-12-29 00:07:11.830677");
    EXPECT_EQ(to_json(made), R"({"a":1.0,"b":null,"status":422,"model_id":null,"prediction":null,"model_type":null,)"
                             R"("created_at":"2022-12-29 00:07:11.830677","message":"why"})");
}

TEST(AnswerRecord, CarriesKeyAndHeadersOver) {
    RequestContext context;
    context.id = *Uuid::parse("c1fe5c45-9f27-4a9c-8a5c-0c3f0a1f7f11");
    context.user = Uuid::parse("0d6d1e58-6d9e-4b11-9d5f-6f0c9ef0b7aa");
    context.reply_partition = 7;
    context.body_digest = std::string(64, 'b');
    context.traceparent = "00-trace";
    const auto made = make_answer_record("device-7", context, "value");
    EXPECT_EQ(made.key, "device-7");
    EXPECT_EQ(made.value, "value");
    EXPECT_EQ(made.timestamp, 0) << "now";
    EXPECT_THAT(made.headers,
                ElementsAre(stream::Header{"request-id", "c1fe5c45-9f27-4a9c-8a5c-0c3f0a1f7f11"},
                            stream::Header{"user", "0d6d1e58-6d9e-4b11-9d5f-6f0c9ef0b7aa"},
                            stream::Header{"reply-partition", "7"}, stream::Header{"body-digest", std::string(64, 'b')},
                            stream::Header{"traceparent", "00-trace"}));
    context = {};
    EXPECT_THAT(make_answer_record(std::nullopt, context, "value").headers,
                ElementsAre(stream::Header{"request-id", "00000000-0000-0000-0000-000000000000"}))
        << "only the id is always there";
}

}  // namespace
}  // namespace nearline::prediction
