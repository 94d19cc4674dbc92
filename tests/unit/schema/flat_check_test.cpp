#include "schema/flat_check.hpp"

#include <boost/json/serialize.hpp>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <regex>

#include "domain/json.hpp"
#include "schema/builtin_schemas.hpp"
#include "schema/json_schema.hpp"

namespace nearline::schema {
namespace {

namespace json = boost::json;

bool takes_pattern(const char* expression) {
    return FixedPattern::parse(expression).has_value();
}

TEST(FixedPattern, MatchesAsTheRegularExpressionDoes) {
    const char* expression = R"(^[0-9a-c]{2}-x\.[AB]$)";
    const auto pattern = FixedPattern::parse(expression);
    ASSERT_TRUE(pattern.has_value());
    EXPECT_TRUE(pattern->matches("0c-x.A"));
    const std::regex regex(expression);
    EXPECT_TRUE(rc::check([&] {
        const auto text =
            *rc::gen::oneOf(rc::gen::container<std::string>(6, rc::gen::elementOf(std::string("0c-x.ABd"))),
                            rc::gen::container<std::string>(rc::gen::elementOf(std::string("0c-x.A"))),
                            rc::gen::elementOf(std::vector<std::string>{"0c-x.A", "c9-x.B", "c9-xxB"}));
        RC_ASSERT(pattern->matches(text) == std::regex_search(text, regex));
    }));
}

TEST(FixedPattern, LeavesOtherExpressionsAlone) {
    for (const auto* expression : {"", "^", "a", "^a", "a$", "^a+$", "^a*$", "^(a)$", "^a|b$", "^.$", "^[^a]$",
                                   "^[a-]$", "^\\d$", "^a{1,2}$", "^a{}$", "^[z-a]$", "^a{9999}$", "^[a$", "^\\$"}) {
        EXPECT_FALSE(takes_pattern(expression)) << expression;
    }
}

TEST(FlatCheck, UnderstandsTheSchemasOfIris) {
    const auto input = FlatCheck::compile(parse_json(iris_input()).value());
    ASSERT_TRUE(input.has_value());
    EXPECT_TRUE(input->surely_conforms(
        parse_json(R"({"petal_width":0.3,"sepal_length":5,"sepal_width":3.6,"petal_length":18446744073709551615})")
            .value()));
    EXPECT_TRUE(FlatCheck::compile(parse_json(iris_output()).value()).has_value());
}

TEST(FlatCheck, LeavesWhatItDoesNotUnderstandToTheValidator) {
    for (const auto* schema :
         {"true", "{}", R"({"type":["object","null"]})", R"({"type":"object","properties":{"a":{}}})",
          R"({"type":"object","properties":{"a":{"type":"object"}}})", R"({"type":"object","required":["a"]})",
          R"({"type":"object","properties":{"a":{"type":"string","maxLength":3}}})",
          R"({"type":"object","minProperties":1})", R"({"type":"object","additionalProperties":{"type":"string"}})",
          R"({"$ref":"#/definitions/a","type":"object"})",
          R"({"type":"object","properties":{"a":{"type":"string","pattern":"a"}}})"}) {
        EXPECT_FALSE(FlatCheck::compile(parse_json(schema).value()).has_value()) << schema;
    }
}

rc::Gen<json::value> any_scalar() {
    return rc::gen::oneOf(rc::gen::map(rc::gen::inRange(-3, 4), [](int i) { return json::value(i); }),
                          rc::gen::map(rc::gen::inRange(-6, 7), [](int i) { return json::value(i / 2.0); }),
                          rc::gen::just(json::value(std::uint64_t{18446744073709551615U})),
                          rc::gen::just(json::value(nullptr)), rc::gen::just(json::value(true)),
                          rc::gen::just(json::value("")), rc::gen::just(json::value("a1")),
                          rc::gen::just(json::value("b")), rc::gen::just(json::value(json::array{})));
}

/// Some of four names.
std::vector<std::string> some_names() {
    std::vector<std::string> names;
    for (const auto* name : {"a", "b", "c", "d"}) {
        if (*rc::gen::arbitrary<bool>()) names.emplace_back(name);
    }
    return names;
}

json::value any_field_schema() {
    const std::vector<std::string> types{"null", "boolean", "integer", "number", "string"};
    json::object field;
    if (*rc::gen::arbitrary<bool>()) {
        field["type"] = json::value(*rc::gen::elementOf(types));
    } else {
        json::array some{json::value(*rc::gen::elementOf(types))};
        const std::string other = *rc::gen::elementOf(types);
        if (some.front() != json::string_view(other)) some.emplace_back(other);
        field["type"] = some;
    }
    if (*rc::gen::arbitrary<bool>()) field["minimum"] = *rc::gen::inRange(-3, 3);
    if (*rc::gen::arbitrary<bool>()) field["maximum"] = *rc::gen::inRange(-3, 3) + 0.5;
    if (*rc::gen::arbitrary<bool>()) field["pattern"] = "^[ab][0-9]$";
    return field;
}

/// Its quick yes and the validator's verdict are the same, but for integers written with a fraction. An
/// allOf around the schema keeps the quick check from it.
TEST(FlatCheck, AgreesWithTheValidator) {
    EXPECT_TRUE(rc::check([] {
        json::object properties;
        const auto names = some_names();
        for (const auto& name : names) properties[name] = any_field_schema();
        json::object schema{{"type", "object"}, {"properties", properties}};
        if (!names.empty() && *rc::gen::arbitrary<bool>()) {
            schema["required"] = json::array(
                names.begin(),
                names.begin() + *rc::gen::inRange<std::ptrdiff_t>(1, static_cast<std::ptrdiff_t>(names.size()) + 1));
        }
        if (*rc::gen::arbitrary<bool>()) schema["additionalProperties"] = *rc::gen::arbitrary<bool>();
        const auto flat = FlatCheck::compile(schema);
        RC_ASSERT(flat.has_value());
        const auto slow = JsonSchema::compile(R"({"allOf":[)" + json::serialize(schema) + "]}");
        json::object members;
        for (const auto& name : some_names()) members[name] = *any_scalar();
        const json::value document = members;
        const bool has_fraction_integer = std::any_of(members.begin(), members.end(), [](const auto& member) {
            return member.value().is_double() && std::trunc(member.value().get_double()) == member.value().get_double();
        });
        const bool quick = flat->surely_conforms(document);
        const bool thorough = slow->validate(document).empty();
        RC_CLASSIFY(thorough, "conforms");
        RC_ASSERT(quick == thorough || (has_fraction_integer && thorough));
    }));
}

}  // namespace
}  // namespace nearline::schema
