#include "prediction/model_fit.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nearline::prediction {
namespace {

namespace json = boost::json;
using testing::HasSubstr;

std::string read(const std::string& file) {
    std::ifstream stream(file);
    return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

class ModelFit : public testing::Test {
protected:
    json::value input_ = json::parse(read("schemas/iris-input.json"));
    json::value output_ = json::parse(read("schemas/iris-output.json"));

    std::string reason(const std::string& file) const {
        return misfit(Model::load(file)->info(), *schema::JsonSchema::compile(json::serialize(input_)),
                      *schema::JsonSchema::compile(json::serialize(output_)));
    }
    std::string reason() const { return reason("models/iris.onnx"); }
};

TEST_F(ModelFit, IrisFitsItsTopics) {
    EXPECT_EQ(reason(), "");
}

TEST_F(ModelFit, TheOrderOfFeaturesIsTheModelsOwn) {
    EXPECT_EQ(reason("tests/data/models/rounding_other_order.onnx"), "");
}

TEST_F(ModelFit, NamesFeaturesThatTheInputDoesNotHave) {
    EXPECT_EQ(reason("tests/data/models/other_features.onnx"),
              "its features length, width, height, weight are no properties of the input topic's schema");
}

TEST_F(ModelFit, NamesInputsThatTheModelDoesNotUse) {
    EXPECT_EQ(reason("tests/data/models/fewer_features.onnx"),
              "the input topic's schema has petal_width, which are no features of it");
}

TEST_F(ModelFit, NeedsEveryFeature) {
    input_.at("required").as_array().pop_back();
    EXPECT_EQ(reason(), "the input topic's schema does not require petal_width, which it needs");
}

TEST_F(ModelFit, NeedsNumbers) {
    input_.at("properties").at("sepal_width") = {{"type", "string"}};
    EXPECT_EQ(reason(), "the input topic's schema allows other than numbers for sepal_width");
    input_.at("properties").at("sepal_width") = {{"type", {"number", "null"}}};
    EXPECT_EQ(reason(), "the input topic's schema allows other than numbers for sepal_width");
    input_.at("properties").at("sepal_width") = {{"type", "integer"}};
    EXPECT_EQ(reason(), "");
}

TEST_F(ModelFit, ItsAnswersConformToTheOutput) {
    output_.at("properties").at("prediction") = {{"enum", {nullptr, "setosa", "versicolor"}}};
    EXPECT_THAT(reason(), HasSubstr("an answer \"virginica\" would break the output topic's schema: /prediction"));
    output_.at("properties").at("prediction") = {{"type", "string"}};
    EXPECT_THAT(reason(), HasSubstr("a failure would break the output topic's schema: /prediction"));
}

}  // namespace
}  // namespace nearline::prediction
