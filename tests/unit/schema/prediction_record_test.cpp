#include "schema/prediction_record.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <gmock/gmock.h>

#include "schema/builtin_schemas.hpp"

namespace nearline::schema {
namespace {

using testing::HasSubstr;

std::variant<Prediction, Rejection> read(const std::string& json) {
    static const auto schema = JsonSchema::compile(iris_output());
    return read_prediction(boost::json::parse(json), *schema);
}

std::string reason_of(const std::string& json) {
    const auto read_back = read(json);
    const auto* reason = std::get_if<Rejection>(&read_back);
    EXPECT_TRUE(reason != nullptr && reason->class_name == "NoPrediction") << json;
    return reason ? reason->message : "";
}

TEST(PredictionRecord, IsReadInWhateverOrderItsMembersStand) {
    const Prediction expected{.features = {{"sepal_length", 5.1}, {"sepal_width", {}}, {"petal_length", 2.0}},
                              .status = 200,
                              .model_id = "m",
                              .prediction = "setosa",
                              .model_type = "t",
                              .created_at = "2022-12-29 00:07:11.830677",
                              .message = "Success"};
    const auto usual = read(
        R"({"sepal_length":5.1,"sepal_width":null,"petal_length":2,"status":200,"model_id":"m","prediction":"setosa",
            "model_type":"t","created_at":"2022-12-29 00:07:11.830677","message":"Success"})");
    const auto reversed = read(
        R"({"message":"Success","created_at":"2022-12-29 00:07:11.830677","model_type":"t","prediction":"setosa",
            "model_id":"m","status":200,"petal_length":2,"sepal_width":null,"sepal_length":5.1,"unknown":1})");
    EXPECT_EQ(std::get<Prediction>(usual), expected);
    EXPECT_EQ(std::get<Prediction>(reversed), expected);
}

TEST(PredictionRecord, WhatNoReaderCouldUseIsNone) {
    EXPECT_THAT(reason_of(R"({"status":200,"prediction":"a","created_at":"2026-99-99 99:99:99.000000","message":""})"),
                HasSubstr("created_at is no date"));
    EXPECT_THAT(reason_of(R"({"status":200,"prediction":"a","created_at":"0000-01-01 00:00:00.000000","message":""})"),
                HasSubstr("created_at is no date"));
    EXPECT_THAT(reason_of(R"({"status":200,"prediction":null,"created_at":"2026-01-01 00:00:00.0000","message":""})"),
                HasSubstr("created_at is no date"));
    EXPECT_THAT(reason_of(R"({"status":200,"prediction":null,"created_at":"2026-01-01 00:00:00.000000","message":""})"),
                HasSubstr("prediction is null"));
    for (const char* const status : {"100", "199", "201", "302", "399", "0", "-1"}) {
        EXPECT_THAT(reason_of(std::string(R"({"status":)") + status +
                              R"(,"prediction":"a","created_at":"2026-01-01 00:00:00.000000","message":""})"),
                    HasSubstr("neither that of a prediction"))
            << status;
    }
    for (const char* const prediction : {R"("a")", R"("")"}) {
        EXPECT_THAT(reason_of(std::string(R"({"status":422,"prediction":)") + prediction +
                              R"(,"created_at":"2026-01-01 00:00:00.000000","message":""})"),
                    HasSubstr("status is 422, which says that there is no prediction"));
    }
    EXPECT_THAT(reason_of("[]"), HasSubstr("not a prediction"));
}

TEST(PredictionRecord, AFailureNeedsNoPrediction) {
    const auto failure =
        read(R"({"status":422,"prediction":null,"created_at":"2026-01-01 00:00:00.000000","message":"no"})");
    EXPECT_EQ(std::get<Prediction>(failure).status, 422);
    const auto first =
        read(R"({"status":400,"prediction":null,"created_at":"2026-01-01 00:00:00.000000","message":"no"})");
    EXPECT_EQ(std::get<Prediction>(first).status, 400);
}

}  // namespace
}  // namespace nearline::schema
