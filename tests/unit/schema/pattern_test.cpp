#include "schema/pattern.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdexcept>
#include <string>

namespace nearline::schema {
namespace {

using ::testing::HasSubstr;

bool found(std::string_view expression, std::string_view text) {
    return Pattern(expression).found_in(text);
}

std::string refusal(std::string_view expression) {
    try {
        const Pattern pattern(expression);
        return "none";
    } catch (const std::invalid_argument& error) {
        return error.what();
    }
}

/// An engine that backtracks or recurses does not end here.
TEST(Pattern, EndsForWhatMakesOthersBacktrack) {
    const std::string many(100'000, 'a');
    for (const auto* expression : {"^(a+)+b$", "^(a|aa)*b$", "(.*)(.*)(.*)(.*)b$", "^(a|b)*b$"}) {
        EXPECT_FALSE(found(expression, many)) << expression;
        EXPECT_TRUE(found(expression, many + "b")) << expression;
    }
}

TEST(Pattern, IsLookedForAnywhere) {
    EXPECT_TRUE(found("b", "abc"));
    EXPECT_TRUE(found("", ""));
    EXPECT_FALSE(found("^b", "abc"));
    EXPECT_TRUE(found("^b|c$", "abc"));
}

TEST(Pattern, EndsAtTheEndOfTheTextAlone) {
    EXPECT_TRUE(found("a$", "a"));
    EXPECT_FALSE(found("a$", "a\n"));
    EXPECT_FALSE(found("a$", "a\nb"));
    EXPECT_FALSE(found("^b", "a\nb"));
}

TEST(Pattern, CountsCodePointsNotBytes) {
    EXPECT_TRUE(found("^.$", "ü"));
    EXPECT_TRUE(found("^.$", "😀"));
    EXPECT_TRUE(found("^[ä-ü]$", "ö"));
    EXPECT_FALSE(found("^..$", "ü"));
}

struct Sample {
    const char* expression;
    std::string_view takes;
    std::string_view refuses;
};

class EcmaPattern : public ::testing::TestWithParam<Sample> {};

TEST_P(EcmaPattern, MeansWhatEcmaSays) {
    EXPECT_TRUE(found(GetParam().expression, GetParam().takes));
    EXPECT_FALSE(found(GetParam().expression, GetParam().refuses));
}

INSTANTIATE_TEST_SUITE_P(
    All, EcmaPattern,
    ::testing::Values(
        Sample{R"(^\d{2,}$)", "12", "१२"}, Sample{R"(^\D$)", "\n", "1"}, Sample{R"(^\w+$)", "a_1", "é"},
        Sample{R"(^\W$)", "é", "_"}, Sample{R"(^\s$)", "\u00a0", "a"}, Sample{R"(^[\s]$)", "\u2028", "\u2027"},
        Sample{R"(^\s$)", "\v", "\b"}, Sample{R"(^\S$)", "\u00a1", "\ufeff"}, Sample{R"(^[\S]$)", "~", "\t"},
        Sample{R"(^.$)", "\t", "\u2028"}, Sample{R"(\bword\b)", "a word.", "swords"}, Sample{R"(^\u00e9$)", "é", "e"},
        Sample{R"(^\ud83d\ude00$)", "😀", "😁"}, Sample{R"(^\u{1f600}$)", "😀", "u"}, Sample{R"(^\x41$)", "A", "x41"},
        Sample{R"(^\cJ$)", "\n", "J"}, Sample{R"(^[\b]$)", "\b", "b"}, Sample{R"(^\0$)", {"\0", 1}, "0"},
        Sample{R"(^\p{Lu}$)", "Ä", "ä"}, Sample{R"(^\P{Lu}$)", "ä", "Ä"}, Sample{R"(^[\p{Letter}\d]+$)", "ä1", "-"},
        Sample{R"(^\p{Script=Greek}$)", "α", "a"}, Sample{R"(^\p{gc=L}$)", "a", "1"},
        Sample{R"(^\/\-\.\{$)", "/-.{", "/-x{"}, Sample{R"(^a{,2}$)", "a{,2}", "a"}, Sample{R"(^a{$)", "a{", "a"},
        Sample{R"(^]}$)", "]}", "]"}, Sample{R"(^[[:alpha:]]$)", "a]", "b"}, Sample{R"(^[\w-]+$)", "a-b", "a b"},
        Sample{R"(^[a-]$)", "-", "b"}, Sample{R"(^[]|x$)", "x", "a"}, Sample{R"(^[^]$)", "\n", ""},
        Sample{R"(^[^a]$)", "\n", "a"}, Sample{R"(^(?<year>\d+)(?:-x)?$)", "12-x", "-x"},
        Sample{R"(^a+?b*?c??$)", "aab", "b"}, Sample{R"(^[.$^|(]+$)", ".$^|(", "a"}, Sample{R"(^a{2}$)", "aa", "a"}));

struct Refused {
    const char* expression;
    const char* words;
};

class RefusedPattern : public ::testing::TestWithParam<Refused> {};

TEST_P(RefusedPattern, SaysWhy) {
    EXPECT_THAT(refusal(GetParam().expression), HasSubstr(GetParam().words));
}

INSTANTIATE_TEST_SUITE_P(
    All, RefusedPattern,
    ::testing::Values(Refused{"^(?!a)b", "looking ahead or behind"}, Refused{"(?<=a)b", "looking ahead or behind"},
                      Refused{R"((a)\1)", "back reference"}, Refused{R"((?<n>a)\k<n>)", "back reference"},
                      Refused{"(?i)a", "no group of ECMA-262"}, Refused{"(", "missing )"},
                      Refused{"a)", "unexpected )"}, Refused{"[a", "never closed"}, Refused{"*a", "nothing to repeat"},
                      Refused{"a**", "nothing to repeat"}, Refused{"a|*", "nothing to repeat"},
                      Refused{"a{3,2}", "out of order"}, Refused{"[z-a]", "out of order"},
                      Refused{"a{1001}", "more than 1000 times"}, Refused{"(a{100}){100}", "repetition"},
                      Refused{R"(\p{L}{1,1000})", "too large"}, Refused{R"(\pL)", "in braces"},
                      Refused{R"(\p{Nonsense})", "Nonsense"}, Refused{R"(\A)", "means nothing in ECMA-262"},
                      Refused{R"(\Q)", "means nothing in ECMA-262"}, Refused{R"(a\)", "lone"},
                      Refused{R"(\ud800)", "surrogate"}, Refused{R"(\u12)", "four"}));

TEST(Pattern, KeepsTheStackFromWhatIsNestedDeeply) {
    constexpr std::size_t depth = 100'000;
    EXPECT_TRUE(found(std::string(depth, '(') + "a" + std::string(depth, ')'), "a"));
    std::string repeated = std::string(depth, '(') + "a";
    for (std::size_t i = 0; i < depth; ++i) repeated += "b){2}";
    EXPECT_THAT(refusal(repeated), HasSubstr("not understood"));
}

TEST(Pattern, RefusesANul) {
    EXPECT_THAT(refusal(std::string_view("a\0b", 3)), HasSubstr("NUL"));
}

TEST(Patterns, KeepWhatTheyHaveCompiled) {
    Patterns patterns;
    const auto& first = pattern_of(patterns, "^a");
    EXPECT_EQ(&pattern_of(patterns, "^a"), &first);
    EXPECT_EQ(patterns.size(), 1U);
}

}  // namespace
}  // namespace nearline::schema
