#include "gateway/observation.hpp"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "schema/builtin_schemas.hpp"

namespace nearline::gateway {
namespace {

const schema::JsonSchema& iris() {
    static const auto schema = schema::JsonSchema::compile(schema::iris_input());
    return *schema;
}

TEST(ObservationTest, GoesOnInTheSchemasOrderAndInOneForm) {
    const auto json = check_observation(
        " {\"petal_width\":1.9e0, \"sepal_length\":2,\n\"petal_length\":6E-1,\"sepal_width\":1.4} ", iris());
    ASSERT_TRUE(json) << json.error().detail;
    EXPECT_EQ(*json, R"({"sepal_length":2.0,"sepal_width":1.4,"petal_length":0.6,"petal_width":1.9})");
}

TEST(ObservationTest, WhatIsNoJsonHasItsPosition) {
    const auto problem = check_observation("{sepal_length: 5.2}", iris());
    ASSERT_FALSE(problem);
    EXPECT_EQ(problem.error().status, 400);
    EXPECT_NE(problem.error().detail.find("column 2"), std::string::npos);
}

TEST(ObservationTest, EveryViolationIsNamed) {
    const auto problem = check_observation(R"({"sepal_length":"x","sepal_width":1e999,"colour":1})", iris());
    ASSERT_FALSE(problem);
    EXPECT_EQ(problem.error().status, 422);
    std::vector<std::string> pointers;
    for (const auto& error : problem.error().errors) pointers.push_back(error.pointer);
    for (const auto* pointer : {"/sepal_length", "/sepal_width"}) {
        EXPECT_EQ(std::count(pointers.begin(), pointers.end(), pointer), 1) << pointer;
    }
    EXPECT_GE(pointers.size(), 5U) << "two are missing, and one is not known";
}

TEST(ObservationTest, FloatsHaveBoundsEvenWhereTheSchemaHasNone) {
    const auto schema = schema::JsonSchema::compile(R"({"type":"object","properties":{"a/b~":{"type":"number"}}})");
    EXPECT_TRUE(check_observation(R"({"a/b~":3.4028235e38})", *schema));
    for (const auto* number : {"3.4028236e38", "-1e308", "1e999"}) {
        const auto problem = check_observation("{\"a/b~\":" + std::string(number) + "}", *schema);
        ASSERT_FALSE(problem) << number;
        ASSERT_EQ(problem.error().errors.size(), 1U);
        EXPECT_EQ(problem.error().errors[0].pointer, "/a~1b~0");
    }
}

TEST(ObservationTest, WhatNoModelTakesIsRefusedEvenWhereTheSchemaTakesIt) {
    const auto anything = schema::JsonSchema::compile(R"({"properties":{"a":{}}})");
    EXPECT_FALSE(check_observation("[1]", *anything));
    EXPECT_FALSE(check_observation(R"({"a":"text"})", *anything));
    EXPECT_EQ(check_observation(R"({"a":1})", *anything).value(), R"({"a":1.0})");
}

TEST(ObservationTest, AnyBytesAreAnsweredOrRefused) {
    const bool holds = rc::check([](const std::string& body) {
        const auto result = check_observation(body, iris());
        RC_ASSERT(!result && (result.error().status == 400 || result.error().status == 422));
    });
    EXPECT_TRUE(holds);
}

}  // namespace
}  // namespace nearline::gateway
