// What RFC 8259 says is a JSON text, section by section, and what only looks like one.

#include <boost/json/value.hpp>
#include <gtest/gtest.h>
#include <ostream>
#include <string>
#include <string_view>

#include "domain/json.hpp"

namespace nearline {
namespace {

using namespace std::string_view_literals;

struct Text {
    const char* name;
    std::string_view text;
};
void PrintTo(const Text& text, std::ostream* out) {
    *out << text.name;
}
std::string name_of(const testing::TestParamInfo<Text>& info) {
    return info.param.name;
}

class Rfc8259Takes : public testing::TestWithParam<Text> {};
class Rfc8259Refuses : public testing::TestWithParam<Text> {};

TEST_P(Rfc8259Takes, Text) {
    const auto value = parse_json(GetParam().text);
    EXPECT_TRUE(value.has_value()) << value.error().detail;
}

TEST_P(Rfc8259Refuses, Text) {
    EXPECT_FALSE(parse_json(GetParam().text).has_value());
}

// 2: six structural characters, with space, tab, LF and CR around them.
INSTANTIATE_TEST_SUITE_P(Section2, Rfc8259Takes,
                         testing::Values(Text{"EveryWhiteSpace", " \t\r\n[ \t\r\n1 \t\r\n, \t\r\n2 \t\r\n] \t\r\n"},
                                         Text{"AroundColonAndBraces", "\n{\t\"a\"\r:\n1 }"},
                                         Text{"None", "[1,{\"a\":2}]"}),
                         name_of);
INSTANTIATE_TEST_SUITE_P(Section2, Rfc8259Refuses,
                         testing::Values(Text{"FormFeed", "\f[]"}, Text{"VerticalTab", "[\v]"}, Text{"Nul", "[]\0"sv},
                                         Text{"NulInside", "[1,\0 2]"sv}, Text{"NoBreakSpace", "[\xC2\xA0]"},
                                         Text{"LineSeparator", "\xE2\x80\xA8[]"}, Text{"WordJoiner", "[\xE2\x81\xA0]"},
                                         Text{"OnlyWhiteSpace", " \n"}, Text{"Empty", ""}, Text{"Escape", "\x1b[]"}),
                         name_of);

// 3: a value of any kind is a text; three names, in lower case.
INSTANTIATE_TEST_SUITE_P(Section3, Rfc8259Takes,
                         testing::Values(Text{"True", "true"}, Text{"False", "false"}, Text{"Null", "null"},
                                         Text{"Number", "-1.5"}, Text{"String", "\"\""}, Text{"Array", "[]"},
                                         Text{"Object", "{}"}),
                         name_of);
INSTANTIATE_TEST_SUITE_P(
    Section3, Rfc8259Refuses,
    testing::Values(Text{"Capital", "True"}, Text{"Capitals", "NULL"}, Text{"Cut", "nul"}, Text{"Longer", "nulll"},
                    Text{"Two", "true false"}, Text{"Undefined", "undefined"}, Text{"Word", "setosa"},
                    Text{"LettersOfOtherScripts", "[\xEF\xBD\x8E\xEF\xBD\x95\xEF\xBD\x8C\xEF\xBD\x8C]"},
                    Text{"AfterTheEnd", "{}1"}, Text{"TwoTexts", "[][]"}, Text{"CommaAfterTheEnd", "1,"}),
    name_of);

// 4: objects. That names are unique is only a SHOULD there; two of one name are two readings, and refused here.
INSTANTIATE_TEST_SUITE_P(Section4, Rfc8259Takes,
                         testing::Values(Text{"EmptyName", R"({"":0})"}, Text{"EscapedName", R"({"\u0061\"":0})"},
                                         Text{"NameWithNul", R"({"a\u0000b":0})"},
                                         Text{"Nested", R"({"a":{"a":{"a":[]}}})"}),
                         name_of);
INSTANTIATE_TEST_SUITE_P(Section4, Rfc8259Refuses,
                         testing::Values(Text{"NoName", "{:1}"}, Text{"NumberAsName", "{1:1}"},
                                         Text{"NullAsName", "{null:1}"}, Text{"NoColon", R"({"a" 1})"},
                                         Text{"TwoColons", R"({"a"::1})"}, Text{"CommaForColon", R"({"a",1})"},
                                         Text{"NoValue", R"({"a":})"}, Text{"NameAlone", R"({"a"})"},
                                         Text{"CommaAtTheEnd", R"({"a":1,})"}, Text{"CommaAtTheStart", R"({,"a":1})"},
                                         Text{"TwoCommas", R"({"a":1,,"b":2})"}, Text{"NoComma", R"({"a":1 "b":2})"},
                                         Text{"Open", R"({"a":1)"}, Text{"Twice", R"({"a":1,"a":1})"},
                                         Text{"TwiceEscaped", R"({"a":1,"\u0061":1})"}, Text{"SingleQuotes", "{'a':1}"},
                                         Text{"ClosedAsArray", R"({"a":1])"}, Text{"ClosedTwice", R"({"a":1}})"},
                                         Text{"Semicolon", R"({"a":1;"b":2})"}, Text{"Comment", R"({"a":/**/1})"}),
                         name_of);

// 5: arrays, of values of any kinds.
INSTANTIATE_TEST_SUITE_P(Section5, Rfc8259Takes,
                         testing::Values(Text{"Mixed", R"([1,"a",null,true,[],{}])"}, Text{"OfEmptyOnes", "[[],[[]]]"}),
                         name_of);
INSTANTIATE_TEST_SUITE_P(Section5, Rfc8259Refuses,
                         testing::Values(Text{"CommaAtTheEnd", "[1,]"}, Text{"CommaAtTheStart", "[,1]"},
                                         Text{"CommaAlone", "[,]"}, Text{"TwoCommas", "[1,,2]"},
                                         Text{"NoComma", "[1 2]"}, Text{"Colon", "[1:2]"}, Text{"Open", "[1"},
                                         Text{"OpenAfterComma", "[1,"}, Text{"ClosedTwice", "[1]]"},
                                         Text{"ClosedAsObject", "[1}"}, Text{"NotOpened", "1]"},
                                         Text{"StarInside", "[*]"}),
                         name_of);

// 6: numbers.
INSTANTIATE_TEST_SUITE_P(
    Section6, Rfc8259Takes,
    testing::Values(Text{"Zero", "0"}, Text{"MinusZero", "-0"}, Text{"MinusZeroWithFraction", "-0.0"},
                    Text{"Fraction", "0.50"}, Text{"Exponent", "1e5"}, Text{"CapitalExponent", "1E5"},
                    Text{"ExponentWithPlus", "1e+05"}, Text{"ExponentWithMinus", "1.5e-05"},
                    Text{"ZeroWithExponent", "0e0"}, Text{"TooSmall", "1e-999"}, Text{"TooLarge", "1e999"},
                    Text{"ManyDigits", "123456789012345678901234567890"},
                    Text{"ManyDigitsOfFraction", "0.1000000000000000055511151231257827021181583404541015625"}),
    name_of);
INSTANTIATE_TEST_SUITE_P(
    Section6, Rfc8259Refuses,
    testing::Values(Text{"Plus", "+1"}, Text{"MinusAlone", "-"}, Text{"TwoMinus", "--1"}, Text{"MinusAndSpace", "- 1"},
                    Text{"LeadingZero", "01"}, Text{"MinusLeadingZero", "-01"}, Text{"TwoZeros", "00"},
                    Text{"PointAtTheEnd", "1."}, Text{"PointAtTheStart", ".5"}, Text{"MinusPoint", "-.5"},
                    Text{"TwoPoints", "1.2.3"}, Text{"PointAndExponent", "1.e5"}, Text{"ExponentAlone", "1e"},
                    Text{"ExponentOfPlus", "1e+"}, Text{"ExponentWithFraction", "1e5.5"}, Text{"TwoExponents", "1e5e5"},
                    Text{"E", "e5"}, Text{"Hexadecimal", "0x1F"}, Text{"Octal", "0o17"}, Text{"Binary", "0b1"},
                    Text{"Underscore", "1_000"}, Text{"Comma", "1,5"}, Text{"SpaceInside", "1 000"},
                    Text{"Suffix", "1f"}, Text{"NaN", "NaN"}, Text{"MinusNaN", "-NaN"}, Text{"Infinity", "Infinity"},
                    Text{"MinusInfinity", "-Infinity"}, Text{"Inf", "inf"}, Text{"FullWidthDigit", "\xEF\xBC\x91"}),
    name_of);

// 7: strings.
INSTANTIATE_TEST_SUITE_P(
    Section7, Rfc8259Takes,
    testing::Values(Text{"EveryShortEscape", R"("\"\\\/\b\f\n\r\t")"}, Text{"EscapesOfEitherCase", R"("\u00e9\u00E9")"},
                    Text{"NulEscaped", R"("\u0000")"}, Text{"SurrogatePair", R"("\ud834\udd1e")"},
                    Text{"NonCharacter", R"("\uffff")"}, Text{"Delete", "\"\x7f\""}, Text{"Slash", R"("/")"},
                    Text{"TwoBytes", "\"\xC3\xA4\""}, Text{"ThreeBytes", "\"\xE2\x82\xAC\""},
                    Text{"FourBytes", "\"\xF0\x9D\x84\x9E\""}, Text{"LineSeparatorInside", "\"\xE2\x80\xA8\""}),
    name_of);
INSTANTIATE_TEST_SUITE_P(
    Section7, Rfc8259Refuses,
    testing::Values(Text{"Open", R"("a)"}, Text{"EndsWithBackslash", "\"a\\"}, Text{"QuoteEscaped", R"("a\")"},
                    Text{"LineFeed", "\"a\nb\""}, Text{"CarriageReturn", "\"\r\""}, Text{"Tab", "\"\t\""},
                    Text{"NulByte", "\"\0\""sv}, Text{"UnitSeparator", "\"\x1f\""}, Text{"EscapeOfA", R"("\a")"},
                    Text{"EscapeOfX", R"("\x41")"}, Text{"EscapeOfSingleQuote", R"("\'")"},
                    Text{"CapitalU", R"("\U0041")"}, Text{"ThreeDigits", R"("\u004")"},
                    Text{"NotHexadecimal", R"("\u00G1")"}, Text{"Braces", R"("\u{41}")"},
                    Text{"HighSurrogateAlone", R"("\ud834")"}, Text{"LowSurrogateAlone", R"("\udd1e")"},
                    Text{"SurrogatesSwapped", R"("\udd1e\ud834")"}, Text{"TwoHighSurrogates", R"("\ud834\ud834")"},
                    Text{"SingleQuoted", "'a'"}, Text{"NotQuoted", "a"}),
    name_of);

// 8.1: UTF-8 (RFC 3629), without a byte order mark.
INSTANTIATE_TEST_SUITE_P(Section8, Rfc8259Refuses,
                         testing::Values(Text{"ByteOrderMark", "\xEF\xBB\xBF{}"}, Text{"Utf16", "\xFF\xFE[\0]\0"sv},
                                         Text{"Utf16BigEndian", "\0[\0]"sv}, Text{"Latin1", "\"\xE4\""},
                                         Text{"ContinuationAlone", "\"\x80\""}, Text{"CutShort", "\"\xE2\x82\""},
                                         Text{"OverlongSlash", "\"\xC0\xAF\""}, Text{"OverlongNul", "\"\xC0\x80\""},
                                         Text{"OverlongOfThree", "\"\xE0\x80\xAF\""},
                                         Text{"SurrogateEncoded", "\"\xED\xA0\x80\""},
                                         Text{"BeyondUnicode", "\"\xF4\x90\x80\x80\""},
                                         Text{"FiveBytes", "\"\xF8\x88\x80\x80\x80\""},
                                         Text{"NeverABeginning", "\"\xFE\""}, Text{"InAName", "{\"\xFF\":1}"},
                                         Text{"OutsideOfStrings", "[\xE4]"}),
                         name_of);

}  // namespace
}  // namespace nearline
