#include "domain/prediction.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <charconv>
#include <cmath>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "domain/json.hpp"

namespace nearline {
namespace {

Prediction setosa() {
    return {.features = {{"sepal_length", 2.0}, {"sepal_width", 1.4}, {"petal_length", 0.6}, {"petal_width", 1.9}},
            .status = 200,
            .model_id = "afe4e043-4d09-4bf9-9fe8-a6d030441221",
            .prediction = "setosa",
            .model_type = "LogisticRegressionModel",
            .created_at = "2022-12-29 00:07:11.830677",
            .message = "Success"};
}

TEST(Prediction, ARecordWithoutATimeIsAsOldAsItsPrediction) {
    Prediction prediction;
    prediction.created_at = "2026-01-02 03:04:05.678901";
    EXPECT_EQ(5, time_of(5, prediction));
    EXPECT_EQ(1'767'323'045'678, time_of(-1, prediction));
    EXPECT_EQ(1'767'323'045'678, time_of(0, prediction));
    prediction.created_at = "yesterday";
    EXPECT_EQ(-1, time_of(-1, prediction));
}

TEST(NumberToJson, IsShortestWithAFraction) {
    EXPECT_EQ(number_to_json(2), "2.0");
    EXPECT_EQ(number_to_json(0.1), "0.1");
    EXPECT_EQ(number_to_json(-0.0), "-0.0");
    EXPECT_EQ(number_to_json(100000), "100000.0");
    EXPECT_EQ(number_to_json(1e15), "1000000000000000.0");
    EXPECT_EQ(number_to_json(1e300), "1.0e+300");
    EXPECT_EQ(number_to_json(1.5e-7), "1.5e-07");
    EXPECT_EQ(number_to_json(5e-324), "5.0e-324");
    EXPECT_EQ(number_to_json(1.7976931348623157e308), "1.7976931348623157e+308");
}

RC_GTEST_PROP(NumberToJson, ReadsBackTheSame, (double value)) {
    RC_PRE(std::isfinite(value));
    const auto text = number_to_json(value);
    double back = 0;
    const auto end = std::from_chars(text.data(), text.data() + text.size(), back).ptr;
    RC_ASSERT(end == text.data() + text.size());
    RC_ASSERT(back == value);
    RC_ASSERT(text.find('.') != std::string::npos);
    RC_ASSERT(parse_json(text).has_value());
}

TEST(PredictionToJson, HasTenFieldsInOrder) {
    EXPECT_EQ(
        to_json(setosa()),
        R"({"sepal_length":2.0,"sepal_width":1.4,"petal_length":0.6,"petal_width":1.9,"status":200,)"
        R"("model_id":"afe4e043-4d09-4bf9-9fe8-a6d030441221","prediction":"setosa",)"
        R"("model_type":"LogisticRegressionModel","created_at":"2022-12-29 00:07:11.830677","message":"Success"})");
}

TEST(PredictionToJson, WritesNullForWhatAFailureLacks) {
    const Prediction failure{.features = {{"sepal_length", std::nullopt}},
                             .status = 422,
                             .created_at = "2022-12-29 00:07:11.830677",
                             .message = "no \"petal\""};
    EXPECT_EQ(to_json(failure),
              R"({"sepal_length":null,"status":422,"model_id":null,"prediction":null,"model_type":null,)"
              R"("created_at":"2022-12-29 00:07:11.830677","message":"no \"petal\""})");
    EXPECT_EQ(prediction_from_json(*parse_json(to_json(failure))).value(), failure);
}

TEST(PredictionFromJson, ReadsWhatWasWritten) {
    EXPECT_EQ(prediction_from_json(*parse_json(to_json(setosa()))).value(), setosa());
}

TEST(PredictionFromJson, NamesWhatIsWrong) {
    const auto pointer_of = [](std::string_view text) {
        const auto result = prediction_from_json(*parse_json(text));
        return result.has_error() ? result.error().errors.at(0).pointer : "(accepted)";
    };
    EXPECT_EQ(pointer_of("[]"), "");
    EXPECT_EQ(pointer_of(R"({"sepal_length":"2","status":200})"), "/sepal_length");
    EXPECT_EQ(pointer_of(R"({"sepal_length":2})"), "/status");
    EXPECT_EQ(pointer_of(R"({"status":"200"})"), "/status");
    EXPECT_EQ(pointer_of(R"({"status":200})"), "/created_at");
    EXPECT_EQ(pointer_of(R"({"status":200,"created_at":"x"})"), "/message");
}

TEST(FeaturesToJson, IsAnObject) {
    EXPECT_EQ(to_json(Features{}), "{}");
    EXPECT_EQ(to_json(Features{{"a", 1.0}, {"b", 0.25}}), R"({"a":1.0,"b":0.25})");
}

}  // namespace
}  // namespace nearline
