#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <gtest/gtest.h>
#include <random>
#include <rapidcheck.h>
#include <stdexcept>

#include "schema/json_schema.hpp"

namespace nearline::schema {
namespace {

namespace json = boost::json;

/// Any JSON of at most `depth` levels.
rc::Gen<json::value> any_json(int depth) {
    const auto scalar =
        rc::gen::oneOf(rc::gen::map(rc::gen::arbitrary<bool>(), [](bool b) { return json::value(b); }),
                       rc::gen::map(rc::gen::arbitrary<std::int64_t>(), [](std::int64_t i) { return json::value(i); }),
                       rc::gen::map(rc::gen::string<std::string>(), [](std::string text) {
                           std::erase_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0x80) != 0; });
                           return json::value(text);
                       }));
    if (depth == 0) return scalar;
    const auto array = rc::gen::map(
        rc::gen::resize(4, rc::gen::container<std::vector<json::value>>(any_json(depth - 1))),
        [](const std::vector<json::value>& list) { return json::value(json::array(list.begin(), list.end())); });
    const auto name = rc::gen::container<std::string>(rc::gen::inRange('a', 'e'));
    const auto object = rc::gen::map(
        rc::gen::resize(4, rc::gen::container<std::map<std::string, json::value>>(name, any_json(depth - 1))),
        [](const std::map<std::string, json::value>& members) {
            return json::value(json::object(members.begin(), members.end()));
        });
    return rc::gen::oneOf(scalar, array, object);
}

json::value shuffled(const json::value& value, std::mt19937& random) {
    if (value.is_array()) {
        json::array copy;
        for (const auto& element : value.get_array()) copy.push_back(shuffled(element, random));
        return copy;
    }
    if (!value.is_object()) return value;
    std::vector<std::pair<std::string, json::value>> members;
    for (const auto& member : value.get_object()) members.emplace_back(member.key(), shuffled(member.value(), random));
    std::shuffle(members.begin(), members.end(), random);
    return json::object(members.begin(), members.end());
}

/// With white space wherever JSON allows it.
void spread(const json::value& value, std::string& text) {
    text += " \n";
    bool first = true;
    if (value.is_array()) {
        text += '[';
        for (const auto& element : value.get_array()) {
            if (!std::exchange(first, false)) text += ',';
            spread(element, text);
        }
        text += ']';
    } else if (value.is_object()) {
        text += '{';
        for (const auto& member : value.get_object()) {
            if (!std::exchange(first, false)) text += "\t,";
            text += json::serialize(json::string(member.key())) + " :";
            spread(member.value(), text);
        }
        text += '}';
    } else {
        text += json::serialize(value);
    }
    text += "\r\n";
}

TEST(CanonicalForm, SortsKeysAndDropsWhiteSpace) {
    EXPECT_EQ(canonical_form(R"( { "type": "object",
        "properties": {"b": {"type": "string"}, "a": [3, 1, 2]} } )"),
              R"({"properties":{"a":[3,1,2],"b":{"type":"string"}},"type":"object"})");
}

TEST(CanonicalForm, IsStableUnderKeyOrderAndWhiteSpace) {
    EXPECT_TRUE(rc::check([] {
        const auto document = *any_json(3);
        std::mt19937 random(*rc::gen::arbitrary<unsigned>());
        std::string spaced;
        spread(shuffled(document, random), spaced);
        const auto canonical = canonical_form(json::serialize(document));
        RC_ASSERT(canonical_form(spaced) == canonical);
        RC_ASSERT(canonical_form(canonical) == canonical);
    }));
}

TEST(CanonicalForm, TellsDifferentDocumentsApart) {
    EXPECT_TRUE(rc::check([] {
        const auto one = *any_json(2);
        const auto other = *any_json(2);
        RC_ASSERT((canonical_form(json::serialize(one)) == canonical_form(json::serialize(other))) == (one == other));
    }));
}

TEST(CanonicalForm, RefusesWhatIsNoJson) {
    EXPECT_THROW(canonical_form("{type: object}"), std::invalid_argument);
    EXPECT_THROW(canonical_form(R"({"a":1,"a":2})"), std::invalid_argument);
    EXPECT_THROW(canonical_form(std::string(100'000, '[')), std::invalid_argument);
}

}  // namespace
}  // namespace nearline::schema
