#include "gateway/openapi.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <gtest/gtest.h>
#include <set>
#include <stdexcept>

#include "schema/builtin_schemas.hpp"

namespace nearline::gateway {
namespace {

namespace json = boost::json;

http::Route route(std::string method, std::string pattern, std::string content_type = "") {
    http::Route route;
    route.method = std::move(method);
    route.pattern = std::move(pattern);
    route.content_type = std::move(content_type);
    route.summary = "A sentence.";
    return route;
}

json::object document() {
    const auto text =
        openapi_document({route("POST", "/predict", "application/json"), route("GET", "/predictions/{id}"),
                          route("GET", "/predictions"), route("GET", "/healthz")},
                         schema::iris_input(), schema::iris_output());
    return json::parse(text).as_object();
}

/// Every {"$ref": …} in it.
void references(const json::value& value, std::set<std::string>& found) {
    if (const auto* object = value.if_object()) {
        for (const auto& member : *object) {
            if (member.key() == "$ref") found.insert(std::string(member.value().as_string()));
            references(member.value(), found);
        }
    } else if (const auto* array = value.if_array()) {
        for (const auto& element : *array) references(element, found);
    }
}

TEST(OpenapiTest, HasTheRoutesAndNoOthers) {
    const auto paths = document().at("paths").as_object();
    EXPECT_EQ(paths.size(), 4U);
    EXPECT_TRUE(paths.at("/predict").as_object().contains("post"));
    EXPECT_TRUE(paths.at("/predictions/{id}").as_object().contains("get"));
}

TEST(OpenapiTest, ARouteThatNobodyDescribedIsAnError) {
    EXPECT_THROW(openapi_document({route("GET", "/unheard-of")}, "{}", "{}"), std::logic_error);
}

TEST(OpenapiTest, AllReferencesLeadSomewhere) {
    const auto all = json::value(document());
    std::set<std::string> found;
    references(all, found);
    EXPECT_GT(found.size(), 5U);
    for (const auto& reference : found) {
        ASSERT_TRUE(reference.starts_with("#/")) << reference;
        boost::system::error_code error;
        all.find_pointer(reference.substr(1), error);
        EXPECT_FALSE(error) << reference;
    }
}

TEST(OpenapiTest, TheSchemasAreTheTopics) {
    const auto schemas = document().at("components").at("schemas").as_object();
    EXPECT_EQ(schemas.at("Observation"), json::parse(schema::iris_input()));
    EXPECT_TRUE(schemas.at("Prediction").at("properties").as_object().contains("prediction"));
}

TEST(OpenapiTest, EveryStatusOfTheTableIsThere) {
    const auto responses = document().at("paths").at("/predict").at("post").at("responses").as_object();
    for (const auto* status : {"200", "202", "400", "401", "413", "415", "422", "429", "503", "504", "default"}) {
        EXPECT_TRUE(responses.contains(status)) << status;
    }
    EXPECT_TRUE(responses.at("400").at("content").as_object().contains("application/problem+json"));
    EXPECT_TRUE(responses.at("200").at("content").as_object().contains("application/json"));
    const auto one = document().at("paths").at("/predictions/{id}").at("get").at("responses").as_object();
    for (const auto* status : {"200", "202", "401", "404", "410", "503", "default"}) {
        EXPECT_TRUE(one.contains(status)) << status;
    }
    const auto page = document().at("paths").at("/predictions").at("get").at("responses").as_object();
    for (const auto* status : {"200", "400", "401", "404", "503", "default"}) {
        EXPECT_TRUE(page.contains(status)) << status;
    }
    EXPECT_TRUE(page.at("200").at("headers").as_object().contains("Link"));
}

TEST(OpenapiTest, AnItemOfAPageIsAPredictionWithItsId) {
    const auto schemas = document().at("components").at("schemas").as_object();
    const auto item = schemas.at("PredictionPage").at("properties").at("predictions").at("items").as_object();
    std::vector<std::string> names;
    for (const auto& member : item.at("properties").as_object()) names.emplace_back(member.key());
    EXPECT_EQ(names,
              (std::vector<std::string>{"id", "sepal_length", "sepal_width", "petal_length", "petal_width", "status",
                                        "model_id", "prediction", "model_type", "created_at", "message"}));
    EXPECT_EQ(item.at("required").as_array().size(), names.size());
}

TEST(OpenapiTest, TheIndexListsTheRoutes) {
    const auto index = json::parse(index_document({route("GET", "/"), route("POST", "/predict")})).as_object();
    EXPECT_EQ(index.at("routes").as_array().size(), 2U);
}

}  // namespace
}  // namespace nearline::gateway
