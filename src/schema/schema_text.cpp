#include "schema/schema_text.hpp"

#include <algorithm>
#include <array>
#include <boost/json/serialize.hpp>
#include <charconv>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "domain/json.hpp"
#include "schema/json_schema.hpp"

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

/// Keywords whose value is one schema, and whether it is about the same value ("in place") or a part of it.
struct SchemaKeyword {
    std::string_view name;
    enum class Holds { schema, list, map, schema_or_list } holds;
    bool in_place;
};
constexpr std::array keywords{
    SchemaKeyword{"not", SchemaKeyword::Holds::schema, true},
    SchemaKeyword{"if", SchemaKeyword::Holds::schema, true},
    SchemaKeyword{"then", SchemaKeyword::Holds::schema, true},
    SchemaKeyword{"else", SchemaKeyword::Holds::schema, true},
    SchemaKeyword{"allOf", SchemaKeyword::Holds::list, true},
    SchemaKeyword{"anyOf", SchemaKeyword::Holds::list, true},
    SchemaKeyword{"oneOf", SchemaKeyword::Holds::list, true},
    SchemaKeyword{"dependencies", SchemaKeyword::Holds::map, true},
    SchemaKeyword{"properties", SchemaKeyword::Holds::map, false},
    SchemaKeyword{"patternProperties", SchemaKeyword::Holds::map, false},
    SchemaKeyword{"additionalProperties", SchemaKeyword::Holds::schema, false},
    SchemaKeyword{"propertyNames", SchemaKeyword::Holds::schema, false},
    SchemaKeyword{"items", SchemaKeyword::Holds::schema_or_list, false},
    SchemaKeyword{"additionalItems", SchemaKeyword::Holds::schema, false},
    SchemaKeyword{"contains", SchemaKeyword::Holds::schema, false},
    SchemaKeyword{"definitions", SchemaKeyword::Holds::map, false},
    SchemaKeyword{"$defs", SchemaKeyword::Holds::map, false},
};

/// Calls `use(child, in_place)` for every schema directly under this one. Object: json::object, const or not.
template <class Object, class Use>
void for_each_subschema(Object& schema, const Use& use) {
    for (const auto& keyword : keywords) {
        auto* value = schema.if_contains(json::string_view(keyword.name.data(), keyword.name.size()));
        if (value == nullptr) continue;
        using Holds = SchemaKeyword::Holds;
        if (keyword.holds == Holds::map && value->is_object()) {
            for (auto& member : value->get_object()) use(member.value(), keyword.in_place);
        } else if (value->is_array() && (keyword.holds == Holds::list || keyword.holds == Holds::schema_or_list)) {
            for (auto& element : value->get_array()) use(element, keyword.in_place);
        } else if (keyword.holds == Holds::schema || keyword.holds == Holds::schema_or_list) {
            use(*value, keyword.in_place);
        }
    }
}

std::optional<std::string_view> reference_of(const json::object& schema) {
    const auto* reference = schema.if_contains("$ref");
    if (reference == nullptr || !reference->is_string()) return std::nullopt;
    return view(reference->get_string());
}

/// Walks every schema of a document and follows each chain of references.
class ReferenceCheck {
public:
    explicit ReferenceCheck(const json::value& root) : root_(root) { walk(root); }

private:
    void walk(const json::value& schema) {
        if (!schema.is_object()) return;
        if (const auto reference = reference_of(schema.get_object())) {
            if (resolve_reference(root_, *reference) == nullptr) {
                throw std::invalid_argument("\"$ref\": " + quote_json(*reference) +
                                            " leads to no place in the schema; only references into the schema itself "
                                            "(\"#/definitions/…\") are understood");
            }
        }
        follow(schema);
        for_each_subschema(schema.get_object(), [this](const json::value& child, bool) { walk(child); });
    }

    /// Through what is about the same value; a schema met twice on the way there is a circle.
    void follow(const json::value& schema) {
        if (!schema.is_object() || ended_.contains(&schema)) return;
        if (!open_.insert(&schema).second) {
            throw std::invalid_argument("the schema refers to itself without a step into the data: " +
                                        json::serialize(schema).substr(0, 200));
        }
        if (const auto reference = reference_of(schema.get_object())) {
            if (const auto* target = resolve_reference(root_, *reference)) follow(*target);
        } else {
            for_each_subschema(schema.get_object(), [this](const json::value& child, bool in_place) {
                if (in_place) follow(child);
            });
        }
        open_.erase(&schema);
        ended_.insert(&schema);
    }

    const json::value& root_;
    std::set<const json::value*> open_;
    std::set<const json::value*> ended_;
};

class PatternsOf {
public:
    explicit PatternsOf(const json::value& root) : root_(root) { walk(root); }
    Patterns take() { return std::move(patterns_); }

private:
    void walk(const json::value& schema) {
        if (!schema.is_object() || !met_.insert(&schema).second) return;
        const auto& object = schema.get_object();
        if (const auto* pattern = object.if_contains("pattern"); pattern != nullptr && pattern->is_string()) {
            pattern_of(patterns_, view(pattern->get_string()));
        }
        if (const auto* named = object.if_contains("patternProperties"); named != nullptr && named->is_object()) {
            for (const auto& member : named->get_object()) pattern_of(patterns_, view(member.key()));
        }
        for_each_subschema(object, [this](const json::value& child, bool) { walk(child); });
        // A reference may lead to where no keyword holds a schema.
        const auto reference = reference_of(object);
        const auto* target = reference ? resolve_reference(root_, *reference) : nullptr;
        if (target != nullptr) walk(*target);
    }

    const json::value& root_;
    std::set<const json::value*> met_;
    Patterns patterns_;
};

/// One step of a JSON pointer, "~1" and "~0" turned back; from a URI fragment also "%25".
std::string unescape(std::string_view token) {
    std::string text;
    for (std::size_t i = 0; i < token.size(); ++i) {
        int code = 0;
        if (token[i] == '~' && i + 1 < token.size()) {
            text += token[++i] == '1' ? '/' : '~';
        } else if (token[i] == '%' && i + 2 < token.size() &&
                   std::from_chars(&token[i + 1], &token[i + 1] + 2, code, 16).ptr == &token[i + 1] + 2) {
            text += static_cast<char>(code);
            i += 2;
        } else {
            text += token[i];
        }
    }
    return text;
}

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
    return schema;
}

void drop_formats(json::value& schema) {
    if (!schema.is_object()) return;
    schema.get_object().erase("format");
    for_each_subschema(schema.get_object(), [](json::value& child, bool) { drop_formats(child); });
}

void check_references(const json::value& schema) {
    ReferenceCheck check(schema);
}

Patterns compile_patterns(const json::value& schema) {
    return PatternsOf(schema).take();
}

const json::value* resolve_reference(const json::value& root, std::string_view reference) {
    if (reference.empty() || reference.front() != '#') return nullptr;
    reference.remove_prefix(1);
    if (!reference.empty() && reference.front() != '/') return nullptr;
    const auto* place = &root;
    while (!reference.empty()) {
        reference.remove_prefix(1);
        const auto end = std::min(reference.find('/'), reference.size());
        const auto token = unescape(reference.substr(0, end));
        reference.remove_prefix(end);
        if (place->is_object()) {
            place = place->get_object().if_contains(token);
        } else if (place->is_array()) {
            std::size_t index = 0;
            const auto read = std::from_chars(token.data(), token.data() + token.size(), index);
            const bool whole = read.ec == std::errc() && read.ptr == token.data() + token.size();
            place = whole ? place->get_array().if_contains(index) : nullptr;
        } else {
            place = nullptr;
        }
        if (place == nullptr) return nullptr;
    }
    return place;
}

std::string canonical_form(std::string_view schema) {
    std::string text;
    append_canonical(parse(schema), text);
    return text;
}

}  // namespace nearline::schema
