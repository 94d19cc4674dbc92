#include "registry/compatibility.hpp"

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <gmock/gmock.h>
#include <rapidcheck.h>

#include "domain/problem.hpp"
#include "schema/builtin_schemas.hpp"
#include "schema/json_schema.hpp"

namespace nearline::registry {
namespace {

namespace json = boost::json;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

std::vector<std::string> backward(const std::string& old_schema, const std::string& new_schema) {
    return incompatibilities(Compatibility::backward, new_schema, {{1, old_schema}});
}

// Whether readers with the new schema understand what was written with the old one, and the other way
// round (which is FORWARD for the same change).
struct Change {
    const char* name;
    const char* old_schema;
    const char* new_schema;
    bool backward;
    bool forward;
};

void PrintTo(const Change& change, std::ostream* out) {
    *out << change.name;
}

class Changes : public testing::TestWithParam<Change> {};

TEST_P(Changes, AreJudged) {
    const auto& change = GetParam();
    const auto to_new = incompatibilities(Compatibility::backward, change.new_schema, {{1, change.old_schema}});
    EXPECT_EQ(to_new.empty(), change.backward) << testing::PrintToString(to_new);
    const auto to_old = incompatibilities(Compatibility::forward, change.new_schema, {{1, change.old_schema}});
    EXPECT_EQ(to_old.empty(), change.forward) << testing::PrintToString(to_old);
    const auto full = incompatibilities(Compatibility::full, change.new_schema, {{1, change.old_schema}});
    EXPECT_EQ(full.empty(), change.backward && change.forward);
    EXPECT_THAT(incompatibilities(Compatibility::none, change.new_schema, {{1, change.old_schema}}), IsEmpty());
}

constexpr const char* open_a = R"({"type":"object","properties":{"a":{"type":"number"}}})";
constexpr const char* open_ab = R"({"type":"object","properties":{"a":{"type":"number"},"b":{"type":"string"}}})";
constexpr const char* closed_a =
    R"({"type":"object","properties":{"a":{"type":"number"}},"additionalProperties":false})";
constexpr const char* closed_ab =
    R"({"type":"object","properties":{"a":{"type":"number"},"b":{"type":"string"}},"additionalProperties":false})";
constexpr const char* closed_ab_required =
    R"({"properties":{"a":{"type":"number"},"b":{"type":"string"}},"additionalProperties":false,"required":["b"],"type":"object"})";
constexpr const char* closed_ab_default =
    R"({"properties":{"a":{"type":"number"},"b":{"type":"string","default":""}},"additionalProperties":false,"required":["b"],"type":"object"})";

INSTANTIATE_TEST_SUITE_P(
    Objects, Changes,
    testing::Values(
        Change{"Same", open_ab, open_ab, true, true},
        Change{"OnlyWords", R"({"title":"a","type":"object"})", R"({"description":"b","type":"object"})", true, true},
        // In an open content model anything may have been written under the new name.
        Change{"PropertyAddedToOpen", open_a, open_ab, false, true},
        Change{"PropertyRemovedFromOpen", open_ab, open_a, true, false},
        Change{"EmptyPropertyAddedToOpen", open_a, R"({"type":"object","properties":{"a":{"type":"number"},"b":{}}})",
               true, true},
        Change{"PropertyAddedToClosed", closed_a, closed_ab, true, false},
        Change{"PropertyRemovedFromClosed", closed_ab, closed_a, false, true},
        Change{"RequiredAddedToClosed", closed_a, closed_ab_required, false, false},
        Change{"RequiredWithDefaultAddedToClosed", closed_a, closed_ab_default, true, false},
        Change{"MadeRequired", closed_ab, closed_ab_required, false, true},
        Change{"MadeOptional", closed_ab_required, closed_ab, true, false},
        Change{"MadeRequiredWithDefault", closed_ab, closed_ab_default, true, true},
        Change{"Opened", closed_a, open_a, true, false}, Change{"Closed", open_a, closed_a, false, true},
        Change{"RenamedInClosed", closed_a,
               R"({"type":"object","properties":{"c":{"type":"number"}},"additionalProperties":false})", false, false},
        Change{"AdditionalNarrowed", R"({"type":"object","additionalProperties":{"type":["string","number"]}})",
               R"({"type":"object","additionalProperties":{"type":"string"}})", false, true},
        Change{"PropertyCoveredByAdditional", R"({"type":"object","additionalProperties":{"type":"string"}})",
               R"({"type":"object","properties":{"a":{"type":"string"}},"additionalProperties":{"type":"string"}})",
               true, true},
        Change{"PropertyNotCoveredByAdditional", R"({"type":"object","additionalProperties":{"type":"string"}})",
               R"({"type":"object","properties":{"a":{"type":"number"}},"additionalProperties":{"type":"string"}})",
               false, false},
        Change{
            "PatternPropertyAddedToClosed", closed_a,
            R"({"type":"object","properties":{"a":{"type":"number"}},"patternProperties":{"^x":{"type":"string"}},"additionalProperties":false})",
            true, false},
        Change{
            "PropertyCoveredByPattern",
            R"({"type":"object","patternProperties":{"^x":{"type":"string"}},"additionalProperties":false})",
            R"({"type":"object","properties":{"xa":{"type":"string"}},"patternProperties":{"^x":{"type":"string"}},"additionalProperties":false})",
            true, true},
        Change{"FewerAllowed", R"({"type":"object","maxProperties":5})", R"({"type":"object","maxProperties":4})",
               false, true},
        Change{"ClosedHasNoMore", closed_ab, R"({"type":"object","maxProperties":2})", true, false},
        Change{"MoreWanted", R"({"type":"object","minProperties":1})", R"({"type":"object","minProperties":2})", false,
               true},
        Change{"RequiredAreEnough", R"({"type":"object","required":["a","b"]})",
               R"({"type":"object","minProperties":2})", true, false},
        Change{
            "DependencyAdded", closed_ab,
            R"({"type":"object","properties":{"a":{"type":"number"},"b":{"type":"string"}},"additionalProperties":false,"dependencies":{"a":["b"]}})",
            false, true},
        Change{"DependencyNarrowed", R"({"type":"object","dependencies":{"a":["b","c"]}})",
               R"({"type":"object","dependencies":{"a":["b"]}})", true, false},
        Change{"Nested", R"({"properties":{"o":{"properties":{"a":{"type":"integer"}},"additionalProperties":false}}})",
               R"({"properties":{"o":{"properties":{"a":{"type":"number"}},"additionalProperties":false}}})", true,
               false}),
    [](const auto& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Values, Changes,
    testing::Values(
        Change{"TypeExtended", R"({"type":"integer"})", R"({"type":"number"})", true, false},
        Change{"TypeAdded", R"({"type":"string"})", R"({"type":["string","null"]})", true, false},
        Change{"TypeChanged", R"({"type":"string"})", R"({"type":"number"})", false, false},
        Change{"TypeDropped", R"({"type":"string"})", "{}", true, false},
        Change{"AnythingIsTrue", "{}", "true", true, true},
        Change{"NothingIsFalse", "false", R"({"type":"string"})", true, false},
        Change{"MaximumIncreased", R"({"type":"number","maximum":5})", R"({"type":"number","maximum":6})", true, false},
        Change{"MaximumBeyondDoubles", R"({"type":"number","maximum":9007199254740992})",
               R"({"type":"number","maximum":9007199254740993})", true, false},
        Change{"MaximumAdded", R"({"type":"number"})", R"({"type":"number","maximum":6})", false, true},
        Change{"MinimumDecreased", R"({"type":"number","minimum":5})", R"({"type":"number","minimum":4.5})", true,
               false},
        Change{"ExclusiveIsStricter", R"({"type":"number","exclusiveMaximum":5})", R"({"type":"number","maximum":5})",
               true, false},
        Change{"ExclusiveMinimum", R"({"type":"number","minimum":5.5})", R"({"type":"number","exclusiveMinimum":5})",
               true, false},
        Change{"BoundOfAnotherType", R"({"type":"string"})", R"({"type":"string","maximum":5})", true, true},
        Change{"MultipleReduced", R"({"type":"number","multipleOf":6})", R"({"type":"number","multipleOf":3})", true,
               false},
        Change{"WholeNumbersAreMultiples", R"({"type":"integer"})", R"({"type":"number","multipleOf":0.5})", true,
               false},
        Change{"LongerAllowed", R"({"type":"string","maxLength":5})", R"({"type":"string","maxLength":6})", true,
               false},
        Change{"ShorterAllowed", R"({"type":"string","minLength":5})", R"({"type":"string","minLength":4})", true,
               false},
        Change{"MinLengthZero", R"({"type":"string"})", R"({"type":"string","minLength":0})", true, true},
        Change{"PatternRemoved", R"({"type":"string","pattern":"^a"})", R"({"type":"string"})", true, false},
        Change{"PatternChanged", R"({"type":"string","pattern":"^a"})", R"({"type":"string","pattern":"^a|^b"})", false,
               false},
        Change{"FormatIsARemark", R"({"type":"string","format":"email"})", R"({"type":"string","format":"uri"})", true,
               true},
        Change{"EnumExtended", R"({"enum":["a","b"]})", R"({"enum":["a","b","c"]})", true, false},
        Change{"EnumToType", R"({"enum":["a","b"]})", R"({"type":"string","maxLength":1})", true, false},
        Change{"EnumToTypeWithReference", R"({"enum":["a","b"]})",
               R"({"allOf":[{"$ref":"#/definitions/s"}],"definitions":{"s":{"type":"string"}}})", true, false},
        Change{"ConstToEnum", R"({"const":3})", R"({"enum":[3,4]})", true, false}),
    [](const auto& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Arrays, Changes,
    testing::Values(
        Change{"ItemsExtended", R"({"type":"array","items":{"type":"integer"}})",
               R"({"type":"array","items":{"type":"number"}})", true, false},
        Change{"ItemsAdded", R"({"type":"array"})", R"({"type":"array","items":{"type":"number"}})", false, true},
        Change{"MoreItems", R"({"type":"array","maxItems":2})", R"({"type":"array","maxItems":3})", true, false},
        Change{"UniqueAdded", R"({"type":"array"})", R"({"type":"array","uniqueItems":true})", false, true},
        Change{"OneIsUnique", R"({"type":"array","maxItems":1})", R"({"type":"array","maxItems":1,"uniqueItems":true})",
               true, true},
        Change{"TupleToList",
               R"({"type":"array","items":[{"type":"integer"},{"type":"number"}],"additionalItems":false})",
               R"({"type":"array","items":{"type":"number"}})", true, false},
        Change{"OpenTupleToList", R"({"type":"array","items":[{"type":"integer"}]})",
               R"({"type":"array","items":{"type":"number"}})", false, false},
        Change{"TupleLengthened", R"({"type":"array","items":[{"type":"integer"}],"additionalItems":false})",
               R"({"type":"array","items":[{"type":"integer"},{"type":"string"}],"additionalItems":false})", true,
               false}),
    [](const auto& info) { return info.param.name; });

constexpr const char* either = R"({"oneOf":[{"type":"string"},{"type":"number"}]})";

INSTANTIATE_TEST_SUITE_P(
    Combinations, Changes,
    testing::Values(
        Change{"SumExtended", either, R"({"oneOf":[{"type":"string"},{"type":"number"},{"type":"null"}]})", true,
               false},
        Change{"SumReordered", either, R"({"oneOf":[{"type":"number"},{"type":"string"}]})", true, true},
        Change{"SumToTypes", either, R"({"type":["string","number"]})", true, true},
        Change{"AnyExtended", R"({"anyOf":[{"type":"string"}]})", R"({"anyOf":[{"type":"string"},{"maximum":3}]})",
               true, false},
        Change{"TypeToNullable", R"({"type":"string"})", R"({"oneOf":[{"type":"null"},{"type":"string"}]})", true,
               false},
        Change{"OverlappingOneOf", R"({"type":"integer"})", R"({"oneOf":[{"type":"integer"},{"minimum":3}]})", false,
               false},
        Change{
            "OneOfOverlappingKept",
            R"({"oneOf":[{"type":"object","required":["a"]},{"type":"object","required":["b"]}]})",
            R"({"description":"now described","oneOf":[{"type":"object","required":["a"]},{"type":"object","required":["b"]}]})",
            true, true},
        Change{"AllOfNarrowed", R"({"allOf":[{"type":"number"},{"maximum":5}]})", R"({"allOf":[{"type":"number"}]})",
               true, false},
        Change{"AllOfIsOne", R"({"allOf":[{"type":"number"},{"maximum":5}]})", R"({"type":"number","maximum":5})", true,
               true},
        Change{"NotKept", R"({"type":["string","null"],"not":{"const":"a"}})",
               R"({"type":["string","null","number"],"not":{"const":"a"}})", true, false},
        Change{"NotAdded", R"({"type":"string"})", R"({"type":"string","not":{"const":"a"}})", false, true},
        Change{"ConditionAdded", R"({"type":"object"})",
               R"({"type":"object","if":{"required":["a"]},"then":{"required":["b"]}})", false, true},
        Change{"ConditionKept", R"({"type":"object","if":{"required":["a"]},"then":{"required":["b"]}})",
               R"({"title":"t","type":"object","if":{"required":["a"]},"then":{"required":["b"]}})", true, true},
        Change{
            "ConditionsMixed",
            R"({"allOf":[{"if":{"type":"string"},"then":{"maxLength":1}},{"if":{"type":"number"},"then":{"maximum":1}}]})",
            R"({"if":{"type":"string"},"then":{"maximum":1}})", false, false},
        Change{"ReferenceInlined",
               R"({"definitions":{"n":{"type":"number"}},"properties":{"a":{"$ref":"#/definitions/n"}}})",
               R"({"properties":{"a":{"type":"number"}}})", true, true},
        Change{"SameReferenceOtherMeaning",
               R"({"definitions":{"n":{"type":"number"}},"properties":{"a":{"$ref":"#/definitions/n"}}})",
               R"({"definitions":{"n":{"type":"string"}},"properties":{"a":{"$ref":"#/definitions/n"}}})", false,
               false},
        Change{"RecursiveExtended",
               R"({"properties":{"v":{"type":"integer"},"next":{"$ref":"#"}},"additionalProperties":false})",
               R"({"properties":{"v":{"type":"number"},"next":{"$ref":"#"}},"additionalProperties":false})", true,
               false},
        Change{"RecursiveClosed", R"({"properties":{"next":{"$ref":"#"}}})",
               R"({"properties":{"next":{"$ref":"#"}},"additionalProperties":false})", false, true}),
    [](const auto& info) { return info.param.name; });

TEST(Compatibility, LooksAtTheLatestOrAtAll) {
    const std::vector<VersionedSchema> earlier{{1, R"({"type":["number","string"]})"}, {2, R"({"type":"number"})"}};
    const std::string candidate = R"({"type":"number","minLength":3})";
    EXPECT_THAT(incompatibilities(Compatibility::backward, candidate, earlier), IsEmpty());
    const auto transitive = incompatibilities(Compatibility::backward_transitive, candidate, earlier);
    ASSERT_THAT(transitive, SizeIs(1));
    EXPECT_THAT(transitive[0], HasSubstr("version 1"));
    EXPECT_THAT(incompatibilities(Compatibility::forward_transitive, candidate, earlier), IsEmpty());
    EXPECT_THAT(incompatibilities(Compatibility::full_transitive, candidate, earlier), SizeIs(1));
    EXPECT_THAT(incompatibilities(Compatibility::backward, candidate, {}), IsEmpty());
}

TEST(Compatibility, SaysWhatIsInTheWay) {
    EXPECT_THAT(
        backward(closed_a, closed_ab_required),
        testing::ElementsAre("at #/required/b: the new schema requires the property b and has no default for it, "
                             "version 1 lets it be missing (BACKWARD: the new schema must take what was written with "
                             "version 1)"));
    EXPECT_THAT(backward(open_a, open_ab), testing::ElementsAre(HasSubstr("an open content model")));
    EXPECT_THAT(backward(R"({"type":"string"})", R"({"type":"string","not":{"const":"a"}})"),
                testing::ElementsAre(HasSubstr("can't be decided")));
    EXPECT_THAT(backward(R"({"type":["string","number"]})", R"({"type":"integer"})"),
                testing::ElementsAre(HasSubstr("version 1 allows number, string, the new schema only integer")));
}

TEST(Compatibility, TheSchemasOfIrisMayStay) {
    for (const auto schema : {schema::iris_input(), schema::iris_output()}) {
        EXPECT_THAT(incompatibilities(Compatibility::full, std::string(schema), {{1, std::string(schema)}}), IsEmpty());
    }
}

TEST(Compatibility, EndsOnHostileSchemas) {
    // Alternatives in alternatives: 6^12 ways through, if all were walked.
    std::string many = R"({"type":"string"})";
    for (int depth = 0; depth < 12; ++depth) {
        std::string list;
        for (int i = 0; i < 6; ++i) list += (i > 0 ? "," : "") + many.substr(0, 2'000) + "";
        if (many.size() > 2'000) break;
        many = R"({"anyOf":[)" + list + "]}";
    }
    EXPECT_FALSE(backward(many, R"({"type":"string","minLength":1})").empty());
    std::string wide = R"({"$ref":"#/definitions/d0","definitions":{)";
    for (int i = 0; i < 20; ++i) {
        const auto next = R"({"$ref":"#/definitions/d)" + std::to_string(i + 1) + "\"}";
        wide += "\"d" + std::to_string(i) + R"(":{"anyOf":[)" + next + "," + next + "," + next + "]},";
    }
    wide += R"("d20":{"type":"string"}}})";
    const auto reasons = backward(wide, R"({"type":"string","minLength":1})");
    EXPECT_FALSE(reasons.empty());
    EXPECT_LE(reasons.size(), 20U);
}

/// 2^60 members, if all were laid open.
TEST(Compatibility, EndsWhereReferencesMultiplyAllOf) {
    std::string doubled = R"({"allOf":[{"$ref":"#/definitions/d0"}],"definitions":{)";
    for (int i = 0; i < 60; ++i) {
        const auto next = R"({"$ref":"#/definitions/d)" + std::to_string(i + 1) + "\"}";
        doubled += "\"d" + std::to_string(i) + R"(":{"allOf":[)" + next + "," + next + "]},";
    }
    doubled += R"("d60":{"type":"string"}}})";
    for (const auto& [old_schema, new_schema] :
         {std::pair{doubled, std::string(R"({"type":"string","maxLength":1})")},
          std::pair{std::string(R"({"type":"string","maxLength":1})"), doubled}}) {
        EXPECT_THAT(backward(old_schema, new_schema), Contains(HasSubstr("too large to be compared")));
    }
}

/// An engine that backtracks or recurses does not end here.
TEST(Compatibility, EndsOnHostilePatterns) {
    const std::string many(100'000, 'a');
    const auto named = R"({"type":"object","properties":{")" + many + R"(":{"type":"string"}}})";
    const std::string patterned = R"({"type":"object","patternProperties":{"^(a+)+b$":{"type":"null"}}})";
    EXPECT_FALSE(backward(named, patterned).empty());
    EXPECT_THAT(backward(named + " ", named), IsEmpty());
}

/// Each of the writer's values against each of the reader's would be 40 thousand millions.
TEST(Compatibility, LooksUpLongListsOfValues) {
    std::string list;
    for (int i = 0; i < 200'000; ++i) list += "\"value " + std::to_string(i) + "\",";
    const auto old_schema = R"({"enum":[)" + list + R"("b",1.0]})";
    EXPECT_THAT(backward(old_schema, R"({"type":["string","integer"],"enum":["a",1,)" + list + R"("b"]})"), IsEmpty());
    EXPECT_THAT(backward(old_schema, R"({"enum":["a",1,)" + list + R"("c"]})"),
                testing::ElementsAre(HasSubstr(R"(allows "b")")));
    EXPECT_THAT(backward(old_schema, R"({"allOf":[{"enum":["a",1,)" + list + R"("b"]}]})"),
                Contains(HasSubstr("too large to be compared")));
}

std::string wide_alternatives(int count, const std::string& more) {
    std::string text = R"({"anyOf":[)" + more;
    for (int i = 0; i < count; ++i) text += R"(,{"type":"string","maxLength":)" + std::to_string(i) + "}";
    return text + "]}";
}

/// One pair may take its time; many of them have no more than a few.
TEST(Compatibility, EndsOnManyVersions) {
    std::vector<VersionedSchema> versions;
    for (int i = 1; i <= 200; ++i) {
        versions.push_back({i, wide_alternatives(700, R"({"const":)" + std::to_string(i) + "}")});
    }
    const auto candidate = wide_alternatives(700, R"({"const":"z"})");
    EXPECT_THAT(incompatibilities(Compatibility::full_transitive, candidate, versions),
                Contains(HasSubstr("of all versions together are too large")));
    // What takes few steps may have many versions.
    for (auto& one : versions) one.text = closed_a;
    EXPECT_THAT(incompatibilities(Compatibility::backward_transitive, closed_ab, versions), IsEmpty());
}

TEST(Compatibility, IsGivenUpWhenStopped) {
    const std::atomic<bool> stopped{true};
    EXPECT_THROW(incompatibilities(Compatibility::backward, closed_ab, {{1, closed_a}}, &stopped), Unavailable);
}

/// Validation, which is asked about single values, does not know what they mean.
TEST(Compatibility, DoesNotDecideLaterDraftsForSingleValuesEither) {
    for (const auto* keyword : {R"("prefixItems":[{"type":"string"}])", R"("unevaluatedItems":false)",
                                R"("unevaluatedProperties":false)", R"("dependentRequired":{"a":["b"]})"}) {
        const auto reader = "{" + std::string(keyword) + "}";
        EXPECT_THAT(backward(R"({"const":[1]})", reader), Contains(HasSubstr("can't be decided"))) << keyword;
        EXPECT_THAT(backward(R"({"enum":[[1],{"a":1}]})", reader), Contains(HasSubstr("can't be decided"))) << keyword;
    }
    EXPECT_THAT(backward(R"({"enum":[1,2]})", R"({"not":{"type":"string"}})"), IsEmpty());
}

TEST(Compatibility, KeepsToWhatIsNoSchemaAnyMore) {
    for (const auto* old : {R"({"multipleOf":0})", R"({"maximum":1e999})"}) {
        EXPECT_THAT(backward(old, R"({"type":"number"})"), ElementsAre(HasSubstr("version 1 can't be compared with")));
        EXPECT_THAT(incompatibilities(Compatibility::none, R"({"type":"number"})", {{1, old}}), IsEmpty());
    }
}

TEST(Compatibility, NamesAreConfluents) {
    for (const auto* name :
         {"NONE", "BACKWARD", "BACKWARD_TRANSITIVE", "FORWARD", "FORWARD_TRANSITIVE", "FULL", "FULL_TRANSITIVE"}) {
        ASSERT_TRUE(parse_compatibility(name).has_value());
        EXPECT_EQ(to_string(*parse_compatibility(name)), name);
        EXPECT_THAT(std::string(compatibility_names()), HasSubstr(name));
    }
    EXPECT_FALSE(parse_compatibility("backward").has_value());
    EXPECT_FALSE(parse_compatibility("").has_value());
}

json::value any_schema(int depth) {
    json::object schema;
    const std::vector<std::string> types{"null", "boolean", "integer", "number", "string", "array", "object"};
    if (*rc::gen::weightedElement<bool>({{4, true}, {1, false}}))
        schema["type"] = json::value(*rc::gen::elementOf(types));
    const auto maybe = [] { return *rc::gen::inRange(0, 4) == 0; };
    if (maybe()) schema["minimum"] = *rc::gen::inRange(-2, 3);
    if (maybe()) schema["exclusiveMaximum"] = *rc::gen::inRange(-2, 3);
    if (maybe()) schema["maxLength"] = *rc::gen::inRange(0, 3);
    if (maybe()) schema["maxItems"] = *rc::gen::inRange(0, 3);
    if (maybe()) schema["enum"] = json::array{1, "a", nullptr, json::array{}, json::object{{"a", 1}}};
    if (depth == 0) return schema;
    if (maybe()) schema["items"] = any_schema(depth - 1);
    if (maybe()) schema["properties"] = json::object{{"a", any_schema(depth - 1)}, {"b", any_schema(depth - 1)}};
    if (maybe()) schema["required"] = json::array{*rc::gen::element("a", "b")};
    if (maybe())
        schema["additionalProperties"] = *rc::gen::arbitrary<bool>() ? any_schema(depth - 1) : json::value(false);
    if (maybe()) schema["patternProperties"] = json::object{{*rc::gen::element("^a", "b$"), any_schema(depth - 1)}};
    for (const auto* keyword : {"anyOf", "oneOf", "allOf"}) {
        if (*rc::gen::inRange(0, 8) == 0) schema[keyword] = json::array{any_schema(depth - 1), any_schema(depth - 1)};
    }
    if (*rc::gen::inRange(0, 8) == 0) schema["not"] = any_schema(0);
    return schema;
}

json::value any_document(int depth) {
    switch (*rc::gen::inRange(0, depth == 0 ? 5 : 9)) {
        case 0:
            return nullptr;
        case 1:
            return true;
        case 2:
            return *rc::gen::inRange(-3, 4);
        case 3:
            return *rc::gen::inRange(-3, 4) + 0.5;
        case 4:
            return json::value(*rc::gen::element("", "a", "abc"));
        case 5:
        case 6: {
            json::array array;
            for (int i = *rc::gen::inRange(0, 4); i > 0; --i) array.push_back(any_document(depth - 1));
            return array;
        }
        default: {
            json::object object;
            for (const auto* name : {"a", "b", "ab", "c"}) {
                if (*rc::gen::arbitrary<bool>()) object[name] = any_document(depth - 1);
            }
            return object;
        }
    }
}

/// The promise behind all rules: what the old schema lets through, a compatible new one takes.
TEST(Compatibility, NeverSaysYesWrongly) {
    EXPECT_TRUE(rc::check([] {
        const auto old_text = json::serialize(any_schema(2));
        // Unrelated schemas are hardly ever compatible: derive the new one from the old one half of the time.
        const auto other = any_schema(2);
        const auto how = *rc::gen::inRange(0, 4);
        std::string new_text = json::serialize(other);
        if (how == 0) new_text = R"({"anyOf":[)" + new_text + "," + old_text + "]}";
        if (how == 1) new_text = R"({"oneOf":[)" + old_text + "," + new_text + "]}";
        const bool yes = backward(old_text, new_text).empty();
        RC_CLASSIFY(yes, "compatible");
        if (!yes) return;
        const auto old_schema = schema::JsonSchema::compile(old_text);
        const auto new_schema = schema::JsonSchema::compile(new_text);
        for (int i = 0; i < 30; ++i) {
            const auto document = any_document(2);
            if (!old_schema->validate(document).empty()) continue;
            if (!new_schema->validate(document).empty()) {
                RC_LOG() << old_text << "\n" << new_text << "\n" << json::serialize(document) << "\n";
                RC_FAIL("a document of the old schema breaks the new one");
            }
        }
    }));
}

}  // namespace
}  // namespace nearline::registry
