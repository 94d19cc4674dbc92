#include "schema/schema_text.hpp"

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <cmath>
#include <stdexcept>
#include <string>
#include <unordered_set>
#include <vector>

#include "domain/json.hpp"
#include "schema/json_schema.hpp"
#include "schema/keyword_check.hpp"
#include "schema/numbers.hpp"
#include "schema/schema_graph.hpp"

namespace nearline::schema {
namespace {

namespace json = boost::json;

constexpr JsonLimits schema_limits{.max_depth = 64};

std::string_view view(json::string_view text) {
    return {text.data(), text.size()};
}

json::value parse(std::string_view text) {
    auto parsed = parse_json(text, schema_limits);
    if (!parsed) throw std::invalid_argument("the schema is no JSON: " + parsed.error().detail);
    return std::move(*parsed);
}

/// The first value in the document's order for which it is so; nullptr: none.
template <class Is>
const json::value* find_value(const json::value& value, Is is) {
    if (is(value)) return &value;
    if (const auto* array = value.if_array()) {
        for (const auto& element : *array) {
            if (const auto* found = find_value(element, is)) return found;
        }
    }
    if (const auto* object = value.if_object()) {
        for (const auto& member : *object) {
            if (const auto* found = find_value(member.value(), is)) return found;
        }
    }
    return nullptr;
}

/// What parse_json() makes of a number that it could not hold.
bool is_infinite(const json::value& value) {
    return value.is_double() && !std::isfinite(value.get_double());
}

constexpr std::string_view own_prefix = "nearline:";

bool bounds_numbers(std::string_view keyword) {
    return std::any_of(number_rules.begin(), number_rules.end(),
                       [&](const NumberRule& rule) { return rule.keyword == keyword; });
}

/// A copy that differs where the schemas are.
class Rewriting {
public:
    explicit Rewriting(const json::value& root) {
        for (const auto* schema : schemas_in(root)) schemas_.insert(schema);
    }

    json::value of(const json::value& value) const {
        if (value.is_array()) {
            json::array copy;
            copy.reserve(value.get_array().size());
            for (const auto& element : value.get_array()) copy.push_back(of(element));
            return copy;
        }
        if (!value.is_object()) return with_plain_numbers(value);
        const bool is_schema = schemas_.contains(&value);
        json::object copy;
        copy.reserve(value.get_object().size());
        for (const auto& member : value.get_object()) {
            const auto name = view(member.key());
            if (is_schema && (name == "format" || name.starts_with(own_prefix))) continue;
            copy.emplace(is_schema && bounds_numbers(name) ? own_keyword(name) : std::string(name), of(member.value()));
        }
        return copy;
    }

private:
    std::unordered_set<const json::value*> schemas_;
};

void append_canonical(const json::value& value, std::string& text) {
    if (value.is_array()) {
        text += '[';
        for (const auto& element : value.get_array()) {
            if (text.back() != '[') text += ',';
            append_canonical(element, text);
        }
        text += ']';
    } else if (value.is_object()) {
        std::vector<const json::key_value_pair*> members;
        for (const auto& member : value.get_object()) members.push_back(&member);
        std::sort(members.begin(), members.end(), [](const auto* a, const auto* b) { return a->key() < b->key(); });
        text += '{';
        bool first = true;
        for (const auto* member : members) {
            if (!first) text += ',';
            first = false;
            text += quote_json(view(member->key()));
            text += ':';
            append_canonical(member->value(), text);
        }
        text += '}';
    } else {
        text += json::serialize(value);
    }
}

}  // namespace

json::value parse_schema(std::string_view text) {
    auto schema = parse(text);
    if (!schema.is_object() && !schema.is_bool()) {
        throw std::invalid_argument("a JSON Schema is an object, or true or false");
    }
    if (const auto* number = find_value(schema, is_infinite)) {
        throw std::invalid_argument("the schema has a number that is too large for a double, at " +
                                    quote_json(pointer_to(schema, *number)));
    }
    if (const auto* string = find_nul(schema)) {
        throw std::invalid_argument("the schema has a string with a NUL character (\\u0000), at " +
                                    quote_json(pointer_to(schema, *string)));
    }
    check_references(schema);
    check_keywords(schema);
    return schema;
}

Patterns compile_patterns(const json::value& schema) {
    Patterns patterns;
    for (const auto* one : schemas_in(schema)) {
        const auto& object = one->get_object();
        if (const auto* pattern = object.if_contains("pattern"); pattern != nullptr && pattern->is_string()) {
            pattern_of(patterns, view(pattern->get_string()));
        }
        if (const auto* named = object.if_contains("patternProperties"); named != nullptr && named->is_object()) {
            for (const auto& member : named->get_object()) pattern_of(patterns, view(member.key()));
        }
    }
    return patterns;
}

const json::value* find_nul(const json::value& value) {
    return find_value(value, [](const json::value& one) {
        return one.is_string() && one.get_string().find('\0') != json::string::npos;
    });
}

std::string own_keyword(std::string_view keyword) {
    return std::string(own_prefix) + std::string(keyword);
}

json::value for_valijson(const json::value& schema) {
    return Rewriting(schema).of(schema);
}

std::string canonical_form(std::string_view schema) {
    std::string text;
    append_canonical(parse(schema), text);
    return text;
}

}  // namespace nearline::schema
