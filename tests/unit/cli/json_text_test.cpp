#include "cli/json_text.hpp"

#include <boost/json/value.hpp>
#include <gtest/gtest.h>

#include "domain/json.hpp"

namespace nearline::cli {
namespace {

TEST(JsonText, WritesNumbersAsPeopleDo) {
    const std::string text = R"({"a":2.0,"b":[1,-7,18446744073709551615,0.1],"c":"x\n\"","d":null,"e":true,"f":{}})";
    EXPECT_EQ(to_text(parse_json(text).value()), text);
}

TEST(JsonText, CellsHaveNoQuotes) {
    EXPECT_EQ(to_cell("setosa"), "setosa");
    EXPECT_EQ(to_cell(nullptr), "");
    EXPECT_EQ(to_cell(5.0), "5.0");
    EXPECT_EQ(to_cell(200), "200");
}

}  // namespace
}  // namespace nearline::cli
