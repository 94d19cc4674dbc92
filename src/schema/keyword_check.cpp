#include "schema/keyword_check.hpp"

#include <algorithm>
#include <array>
#include <boost/json/serialize.hpp>
#include <cmath>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>

#include "domain/json.hpp"
#include "schema/numbers.hpp"
#include "schema/schema_graph.hpp"

namespace nearline::schema {
namespace {

namespace json = boost::json;

bool is_schema(const json::value& value) {
    return value.is_object() || value.is_bool();
}

bool is_list_of_schemas(const json::value& value) {
    const auto* list = value.if_array();
    return list != nullptr && !list->empty() && std::all_of(list->begin(), list->end(), is_schema);
}

bool is_map_of_schemas(const json::value& value) {
    const auto* map = value.if_object();
    return map != nullptr &&
           std::all_of(map->begin(), map->end(), [](const auto& member) { return is_schema(member.value()); });
}

/// Strings, none twice.
bool is_list_of_names(const json::value& value) {
    if (!value.is_array()) return false;
    std::set<std::string_view> met;
    for (const auto& name : value.get_array()) {
        if (!name.is_string()) return false;
        if (!met.emplace(name.get_string().data(), name.get_string().size()).second) return false;
    }
    return true;
}

bool is_dependencies(const json::value& value) {
    const auto* map = value.if_object();
    return map != nullptr && std::all_of(map->begin(), map->end(), [](const auto& member) {
               return is_schema(member.value()) || is_list_of_names(member.value());
           });
}

bool is_type(const json::value& value) {
    constexpr std::array<json::string_view, 7> names{"null",   "boolean", "integer", "number",
                                                     "string", "array",   "object"};
    const auto is_name = [&](const json::value& one) {
        return one.is_string() && std::find(names.begin(), names.end(), one.get_string()) != names.end();
    };
    if (!value.is_array()) return is_name(value);
    const auto& list = value.get_array();
    return !list.empty() && std::all_of(list.begin(), list.end(), is_name) && is_list_of_names(value);
}

bool is_size(const json::value& value) {
    const auto number = exact(value);
    return value.is_number() && number >= 0 && std::trunc(number) == number;
}

struct Rule {
    std::string_view keyword;
    bool (*holds)(const json::value& value);
    std::string_view wanted;
};

bool is_text(const json::value& value) {
    return value.is_string();
}
bool is_flag(const json::value& value) {
    return value.is_bool();
}
bool is_number(const json::value& value) {
    return value.is_number();
}
bool is_positive(const json::value& value) {
    return value.is_number() && exact(value) > 0;
}
bool is_list(const json::value& value) {
    return value.is_array();
}
bool is_list_of_some(const json::value& value) {
    return value.is_array() && !value.get_array().empty();
}

constexpr std::string_view a_size = "a whole number from 0";
constexpr std::string_view a_bound = "a number";
constexpr std::string_view an_exclusive_bound = "a number (the bound itself; true was draft-04's way)";
constexpr std::string_view a_text = "a string";
constexpr std::string_view a_flag = "true or false";

/// Beside those that hold schemas.
constexpr std::array rules{
    Rule{"type", is_type,
         "the name of a type (null, boolean, integer, number, string, array, object), or a list of some"},
    Rule{"enum", is_list_of_some, "a list of one value or more"},
    Rule{"required", is_list_of_names, "a list of strings, none of them twice"},
    Rule{"multipleOf", is_positive, "a number above 0"},
    Rule{"maximum", is_number, a_bound},
    Rule{"minimum", is_number, a_bound},
    Rule{"exclusiveMaximum", is_number, an_exclusive_bound},
    Rule{"exclusiveMinimum", is_number, an_exclusive_bound},
    Rule{"maxLength", is_size, a_size},
    Rule{"minLength", is_size, a_size},
    Rule{"maxItems", is_size, a_size},
    Rule{"minItems", is_size, a_size},
    Rule{"maxProperties", is_size, a_size},
    Rule{"minProperties", is_size, a_size},
    Rule{"uniqueItems", is_flag, a_flag},
    Rule{"readOnly", is_flag, a_flag},
    Rule{"writeOnly", is_flag, a_flag},
    Rule{"$ref", is_text, a_text},
    Rule{"$id", is_text, a_text},
    Rule{"$schema", is_text, a_text},
    Rule{"$comment", is_text, a_text},
    Rule{"title", is_text, a_text},
    Rule{"description", is_text, a_text},
    Rule{"pattern", is_text, a_text},
    Rule{"format", is_text, a_text},
    Rule{"contentMediaType", is_text, a_text},
    Rule{"contentEncoding", is_text, a_text},
    Rule{"examples", is_list, "a list"},
};

Rule rule_of(const SchemaKeyword& keyword) {
    using Holds = SchemaKeyword::Holds;
    if (keyword.name == "dependencies") {
        return {keyword.name, is_dependencies, "an object of schemas and of lists of strings, none of them twice"};
    }
    switch (keyword.holds) {
        case Holds::schema:
            return {keyword.name, is_schema, "a schema: an object, or true or false"};
        case Holds::list:
            return {keyword.name, is_list_of_schemas, "a list of one schema or more"};
        case Holds::map:
            return {keyword.name, is_map_of_schemas, "an object whose members are schemas"};
        case Holds::schema_or_list:
            break;
    }
    return {keyword.name, [](const json::value& value) { return is_schema(value) || is_list_of_schemas(value); },
            "a schema, or a list of one or more"};
}

std::string shown(const json::value& value) {
    constexpr std::size_t most = 60;
    if (value.is_object()) return "an object";
    auto text = json::serialize(value);
    return text.size() <= most ? text : value.is_array() ? "a longer list" : "a longer string";
}

void check(const json::value& root, const json::object& schema, const Rule& rule) {
    const auto* value = schema.if_contains(json::string_view(rule.keyword.data(), rule.keyword.size()));
    if (value == nullptr || rule.holds(*value)) return;
    throw std::invalid_argument("the schema is no JSON Schema: " + quote_json(pointer_to(root, *value)) + " must be " +
                                std::string(rule.wanted) + ", not " + shown(*value));
}

}  // namespace

void check_keywords(const json::value& root) {
    for (const auto* schema : schemas_in(root)) {
        for (const auto& rule : rules) check(root, schema->get_object(), rule);
        for (const auto& keyword : schema_keywords) check(root, schema->get_object(), rule_of(keyword));
    }
}

}  // namespace nearline::schema
