#include "http/text.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <vector>

namespace nearline::http {
namespace {

using Query = std::map<std::string, std::string>;

TEST(Text, ComparesNamesWithoutCase) {
    EXPECT_TRUE(equal_ignoring_case("Content-Length", "content-LENGTH"));
    EXPECT_FALSE(equal_ignoring_case("a", "ab"));
    // Only letters have case: '@' and '`' differ in the same bit.
    EXPECT_FALSE(equal_ignoring_case("@", "`"));
}

TEST(Text, KnowsTokens) {
    EXPECT_TRUE(is_token("X-a_b.c!#$%&'*+^`|~1"));
    for (const auto* text : {"", " ", "a b", "a:", "a(", "\"a\"", "a\x7f", "\xc3\xa4", "a/b", "a@b", "{a}"})
        EXPECT_FALSE(is_token(text)) << text;
}

TEST(Text, SplitsLists) {
    std::vector<std::string> elements;
    for_each_element(" a ,, b\t,c,", [&](std::string_view element) { elements.emplace_back(element); });
    EXPECT_EQ(elements, (std::vector<std::string>{"a", "b", "c"}));
}

TEST(Text, DecodesPercents) {
    EXPECT_EQ(percent_decode("a%2Fb%2f+c"), "a/b/+c");
    EXPECT_EQ(percent_decode("a+b", true), "a b");
    EXPECT_EQ(percent_decode("%"), std::nullopt);
    EXPECT_EQ(percent_decode("%4"), std::nullopt);
    EXPECT_EQ(percent_decode("%4g"), std::nullopt);
    EXPECT_EQ(percent_decode("%00"), std::nullopt);
}

RC_GTEST_PROP(TextProperty, DecodesWhatItEncoded, (const std::string& text)) {
    RC_PRE(text.find('\0') == std::string::npos);
    RC_ASSERT(percent_decode(percent_encode(text)) == text);
    RC_ASSERT(percent_decode(percent_encode(text), true) == text);
    RC_ASSERT(parse_query("k=" + percent_encode(text)).value() == Query({{"k", text}}));
}

TEST(Text, ParsesQueries) {
    EXPECT_EQ(parse_query("").value(), Query());
    EXPECT_EQ(parse_query("a=1&b=x+y%26z&&c&=d").value(), (Query{{"a", "1"}, {"b", "x y&z"}, {"c", ""}, {"", "d"}}));
    EXPECT_EQ(parse_query("a=b=c").value(), (Query{{"a", "b=c"}}));
    EXPECT_EQ(parse_query("a=%").error().status, 400);
    EXPECT_EQ(parse_query("%x=1").error().status, 400);
    const auto twice = parse_query("a=1&b=2&%61=1&b=3&b=4&c=");
    ASSERT_FALSE(twice);
    EXPECT_EQ(twice.error().status, 400);
    EXPECT_EQ(twice.error().errors,
              (std::vector<Violation>{{"/a", "is given more than once"}, {"/b", "is given more than once"}}));
}

TEST(Text, ComparesMediaTypes) {
    for (const auto* text : {"application/json", "Application/JSON", "application/json; charset=utf-8",
                             "application/json;charset=\"UTF-8\"", " application/json ; a=b"})
        EXPECT_TRUE(is_media_type(text, "application/json")) << text;
    for (const auto* text : {"", "text/plain", "application/jsonp", "application/json, text/plain", "json",
                             "application/json; charset=utf-16", "application/json;charset=latin1"})
        EXPECT_FALSE(is_media_type(text, "application/json")) << text;
}

TEST(Text, WritesDates) {
    EXPECT_EQ(http_date(784111777), "Sun, 06 Nov 1994 08:49:37 GMT");  // RFC 9110, 5.6.7
    EXPECT_EQ(http_date(0), "Thu, 01 Jan 1970 00:00:00 GMT");
    EXPECT_EQ(http_date(1709210096), "Thu, 29 Feb 2024 12:34:56 GMT");
}

}  // namespace
}  // namespace nearline::http
