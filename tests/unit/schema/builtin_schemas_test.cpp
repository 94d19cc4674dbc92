#include "schema/builtin_schemas.hpp"

#include <boost/json/value.hpp>
#include <fstream>
#include <gmock/gmock.h>
#include <sstream>

#include "domain/json.hpp"
#include "domain/prediction.hpp"
#include "schema/json_schema.hpp"
#include "unit/schema/print.hpp"

namespace nearline::schema {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::string file_text(const std::string& path) {
    std::ifstream file(path);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

std::vector<Violation> check(std::string_view schema, const std::string& json) {
    return JsonSchema::compile(schema)->validate(parse_json(json).value());
}

TEST(BuiltinSchemas, AreTheFilesOfTheRepository) {
    EXPECT_EQ(iris_input(), file_text("schemas/iris-input.json"));
    EXPECT_EQ(iris_output(), file_text("schemas/iris-output.json"));
}

TEST(BuiltinSchemas, NameTheFieldsInTheirOrder) {
    const auto input = JsonSchema::compile(iris_input());
    EXPECT_THAT(input->properties(), ElementsAre("sepal_length", "sepal_width", "petal_length", "petal_width"));
    EXPECT_EQ(input->required(), input->properties());
    const auto output = JsonSchema::compile(iris_output());
    EXPECT_THAT(output->properties(),
                ElementsAre("sepal_length", "sepal_width", "petal_length", "petal_width", "status", "model_id",
                            "prediction", "model_type", "created_at", "message"));
    EXPECT_EQ(output->required(), output->properties());
}

TEST(BuiltinSchemas, TakeWhatFloat32CanHoldAndNothingLarger) {
    const auto observation = [](const std::string& number) {
        return R"({"sepal_length":)" + number + R"(,"sepal_width":1,"petal_length":2.5,"petal_width":-3})";
    };
    for (const auto* fine : {"0", "-0.0", "5.2", "20.5", "3.4028234663852886e38", "-3.4028234663852886e38",
                             "3.4028235e38", "-3.4028235e38", "18446744073709551615", "1e-400"}) {
        EXPECT_THAT(check(iris_input(), observation(fine)), IsEmpty()) << fine;
    }
    for (const auto* large : {"3.4028236e38", "3.41e38", "1e308", "1e999", "1e39"}) {
        EXPECT_THAT(check(iris_input(), observation(large)),
                    ElementsAre(Violation{"/sepal_length", "is larger than float32 can hold: at most 3.4028235e38"}))
            << large;
    }
    EXPECT_THAT(check(iris_input(), observation("-1e999")),
                ElementsAre(Violation{"/sepal_length", "is smaller than float32 can hold: at least -3.4028235e38"}));
}

Prediction prediction() {
    return {.features = {{"sepal_length", 2.0}, {"sepal_width", 1.4}, {"petal_length", 0.6}, {"petal_width", 1.9}},
            .status = 200,
            .model_id = "afe4e043-4d09-4bf9-9fe8-a6d030441221",
            .prediction = "setosa",
            .model_type = "LogisticRegressionModel",
            .created_at = "2022-12-29 00:07:11.830677",
            .message = "Success"};
}

TEST(BuiltinSchemas, TakeEveryPredictionThatNearlineWrites) {
    EXPECT_THAT(check(iris_output(), to_json(prediction())), IsEmpty());
    auto failure = prediction();
    failure.features = {{"sepal_length", {}}, {"sepal_width", 1e300}, {"petal_length", {}}, {"petal_width", {}}};
    failure.status = 422;
    failure.model_id = "";
    failure.prediction.reset();
    failure.model_type = "";
    failure.message = "the record breaks the schema";
    EXPECT_THAT(check(iris_output(), to_json(failure)), IsEmpty());
}

TEST(BuiltinSchemas, RefuseAnAnswerThatIsNone) {
    auto wrong = prediction();
    wrong.created_at = "2022-12-29T00:07:11Z";
    wrong.model_id = "model-1";
    wrong.status = 7;
    const auto violations = check(iris_output(), to_json(wrong));
    ASSERT_EQ(violations.size(), 3U);
    EXPECT_EQ(violations[0], (Violation{"/status", "must be at least 100, not 7"}));
    EXPECT_EQ(violations[1].pointer, "/model_id");
    EXPECT_EQ(violations[2].pointer, "/created_at");
}

}  // namespace
}  // namespace nearline::schema
