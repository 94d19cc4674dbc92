#include "domain/json.hpp"

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <cmath>
#include <gmock/gmock.h>
#include <rapidcheck.h>

#include "domain/prediction.hpp"

namespace nearline {
namespace {

using testing::HasSubstr;

std::string detail_of(std::string_view text) {
    const auto result = parse_json(text);
    if (result.has_value()) return "(accepted)";
    EXPECT_EQ(result.error().status, 400);
    return result.error().detail;
}

std::string nested(int levels) {
    return std::string(levels, '[') + std::string(levels, ']');
}

TEST(ParseJson, KeepsMembersInTheirOrder) {
    const auto value = parse_json(R"( {"b": 1, "a": [true, null, "x"], "c": 2.5} )");
    ASSERT_TRUE(value.has_value());
    EXPECT_EQ(boost::json::serialize(*value), R"({"b":1,"a":[true,null,"x"],"c":2.5E0})");
}

TEST(ParseJson, SaysWhereAndWhat) {
    const struct {
        std::string_view text;
        std::string_view where;
        std::string_view what;
    } cases[] = {
        {"{sepal_length: 5.2, sepal_width: 3.6}", "line 1, column 2", "keys need double quotes"},
        {"{\"a\": 1,\n b: 2}", "line 2, column 2", "keys need double quotes"},
        {"{'a': 1}", "line 1, column 2", "not single ones"},
        {"{\"a\": 'x'}", "line 1, column 7", "not single ones"},
        {"{\"a\": NaN}", "line 1", "NaN"},
        {"{\"a\": -Infinity}", "line 1", "NaN"},
        {"{\"a\": None}", "line 1", "null"},
        {"{\"a\": True}", "line 1", "lower case"},
        {"{\"a\": 1,}", "line 1, column 9", "comma too many"},
        {"[1,]", "line 1", "comma too many"},
        {"{\"a\": 1", "line 1, column 8", "ends before"},
        {"", "line 1, column 1", "empty"},
        {" \n ", "line 2", "empty"},
        {"{} x", "line 1, column 4", "after the end"},
        {"{}{}", "line 1, column 3", "after the end"},
        {"\xEF\xBB\xBF{}", "line 1, column 1", "byte order mark"},
        {"{\"a\": 1, \"a\": 2}", "line 1", "\"a\" is there twice"},
        {"{\"a\": {\"b\": 1, \"b\": 2}}", "line 1", "\"b\" is there twice"},
        {"{\"a\": 1, \"\\u0061\": 2}", "line 1", "\"a\" is there twice"},
        {"\"\xC3\x28\"", "line 1", "UTF-8"},
        {"\"\xED\xA0\x80\"", "line 1", "UTF-8"},
        {"[01]", "line 1", "no JSON number"},
        {"[+1]", "line 1", "no JSON number"},
        {"[1.]", "line 1", "no JSON number"},
        {"[.5]", "line 1, column 2", "no JSON number"},
        {"{\"a\": 0x1}", "line 1", "no JSON number"},
        {"[\"\t\"]", "line 1, column 3", "control character"},
        {"[\"\\q\"]", "line 1", "backslash"},
        {R"(["\ud800"])", "line 1", "half of a surrogate pair"},
        {R"(["\ud800\u0041"])", "line 1", "half of a surrogate pair"},
        {R"(["\ud800x"])", "line 1", "half of a surrogate pair"},
        {R"(["\udc00"])", "line 1", "half of a surrogate pair"},
        {R"(["\u12g4"])", "line 1", "four hexadecimal digits"},
        {"// no\n1", "line 1, column 1", "no comments"},
        {"{\"a\": 5,2}", "line 1, column 9", "decimal comma"},
        {"{\"a\" 1}", "line 1, column 6", "colon is missing"},
        {"{\"a\": 1 \"b\": 2}", "line 1, column 9", "comma is missing"},
        {"[1 2]", "line 1, column 4", "comma is missing"},
        {"{\"a\": }", "line 1, column 7", "value is missing"},
        {"{\"a\": setosa}", "line 1, column 7", "double quotes around it"},
        {"[1, x]", "line 1, column 5", "double quotes around it"},
        {"{,}", "line 1, column 2", "comma too many"},
        {"{\"a\": 1]", "line 1, column 8", "{ opens is closed with ]"},
        {"\n[1}", "line 2, column 3", "[ opens is closed with }"},
        {"{\"\xC3\xA4\": x}", "line 1, column 7", "double quotes around it"},
    };
    for (const auto& c : cases) {
        const auto detail = detail_of(c.text);
        EXPECT_THAT(detail, HasSubstr(c.where)) << c.text;
        EXPECT_THAT(detail, HasSubstr(c.what)) << c.text;
    }
}

TEST(ParseJson, HasAdviceForWhateverIsWrong) {
    EXPECT_TRUE(rc::check([] {
        const auto text = *rc::gen::container<std::string>(
            rc::gen::element('{', '}', '[', ']', ',', ':', '"', '\'', '\\', ' ', '\n', '1', '.', '-', 'a', '\xC3'));
        const auto parsed = parse_json(text);
        if (parsed.has_value()) return;
        const auto& detail = parsed.error().detail;
        RC_ASSERT(detail.find(": ") != std::string::npos && !detail.ends_with(": "));
        RC_ASSERT(detail.find("syntax") == std::string::npos);
    }));
}

TEST(ParseJson, AllowsTheSameKeyInDifferentObjects) {
    EXPECT_TRUE(parse_json(R"([{"a": {"a": 1}}, {"a": 2}])").has_value());
}

TEST(ParseJson, FindsADuplicateAmongThousandsOfKeys) {
    std::string text = "{";
    for (int i = 0; i < 5000; ++i) text += "\"key" + std::to_string(i) + "\": 1, ";
    EXPECT_TRUE(parse_json(text + "\"last\": 1}").has_value());
    EXPECT_THAT(detail_of(text + "\"key17\": 1}"), HasSubstr("\"key17\" is there twice"));
    EXPECT_THAT(detail_of(text + "\"key4999\": 1}"), HasSubstr("\"key4999\" is there twice"));
}

TEST(ParseJson, LimitsDepth) {
    EXPECT_TRUE(parse_json(nested(32)).has_value());
    EXPECT_THAT(detail_of(nested(33)), HasSubstr("nested too deeply: at most 32 levels"));
    EXPECT_THAT(detail_of(nested(10'000)), HasSubstr("nested too deeply"));
    EXPECT_TRUE(parse_json(nested(40), JsonLimits{.max_depth = 40}).has_value());
}

TEST(ParseJson, ReadsEveryNumberExactly) {
    EXPECT_TRUE(rc::check([](double number) {
        if (!std::isfinite(number)) return;
        const auto text = number_to_json(number);
        RC_ASSERT(parse_json(text).value().as_double() == number);
        RC_ASSERT(parse_json("[" + text + "]").value().at(0).as_double() == number);
    }));
    EXPECT_TRUE(rc::check([] {
        // rapidcheck's own doubles have few digits.
        const double number = static_cast<double>(*rc::gen::inRange<std::int64_t>(1, std::int64_t{1} << 53)) / 3e15;
        RC_ASSERT(parse_json(number_to_json(number)).value().as_double() == number);
    }));
}

TEST(ParseJson, TurnsTooLargeNumbersIntoInfinities) {
    const auto value = parse_json("[1e999, -1e999, 1e308, 123456789012345678901234567890]");
    ASSERT_TRUE(value.has_value());
    EXPECT_TRUE(std::isinf(value->at(0).as_double()));
    EXPECT_TRUE(std::isinf(value->at(1).as_double()));
    EXPECT_DOUBLE_EQ(value->at(2).as_double(), 1e308);
    EXPECT_DOUBLE_EQ(value->at(3).as_double(), 123456789012345678901234567890.0);
}

TEST(PointerStep, EscapesWhatMustBe) {
    EXPECT_EQ(pointer_step("sepal_length"), "/sepal_length");
    EXPECT_EQ(pointer_step("a/b~c~1"), "/a~1b~0c~01");
    EXPECT_EQ(pointer_step(""), "/");
}

TEST(QuoteJson, EscapesWhatMustBe) {
    EXPECT_EQ(quote_json("a\"\\\n\x01ü"), "\"a\\\"\\\\\\n\\u0001ü\"");
}

}  // namespace
}  // namespace nearline
