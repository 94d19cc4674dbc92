#include "cli/observation.hpp"

#include <gtest/gtest.h>
#include <stdexcept>

namespace nearline::cli {
namespace {

TEST(Observation, FieldsAreNameAndValue) {
    EXPECT_EQ(parse_field("a=1"), (std::pair<std::string, std::string>{"a", "1"}));
    EXPECT_EQ(parse_field("a=b=c"), (std::pair<std::string, std::string>{"a", "b=c"}));
    EXPECT_EQ(parse_field("a="), (std::pair<std::string, std::string>{"a", ""}));
    for (const char* bad : {"", "a", "=1"}) EXPECT_THROW(parse_field(bad), std::runtime_error) << bad;
}

TEST(Observation, NumbersStandAsTheyAreAndAllElseIsText) {
    EXPECT_EQ(observation_json({{"a", "5.2"}, {"b", "-1e3"}, {"c", "5"}}), R"({"a":5.2,"b":-1e3,"c":5})");
    EXPECT_EQ(observation_json({{"a", "abc"}, {"b", "1,5"}, {"c", "0x1"}, {"d", "NaN"}, {"e", "true"}}),
              R"({"a":"abc","b":"1,5","c":"0x1","d":"NaN","e":"true"})");
    EXPECT_EQ(observation_json({{"q\"", "x\"y"}}), R"({"q\"":"x\"y"})");
}

TEST(Observation, EmptyValuesAreLeftOutAndSpacesAroundAreNothing) {
    EXPECT_EQ(observation_json({{"a", ""}, {"b", "  "}, {" c ", " 1.0\t"}}), R"({"c":1.0})");
    EXPECT_EQ(observation_json({}), "{}");
}

}  // namespace
}  // namespace nearline::cli
