#include "registry/schema_facts.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "schema/numbers.hpp"
#include "schema/schema_graph.hpp"

namespace nearline::registry {
namespace {

namespace json = boost::json;

json::string_view to_json(std::string_view text) {
    return {text.data(), text.size()};
}

unsigned of_name(std::string_view name) noexcept {
    if (name == "null") return types::null;
    if (name == "boolean") return types::boolean;
    if (name == "integer") return types::integer;
    if (name == "number") return types::integer | types::fraction;
    if (name == "string") return types::string;
    if (name == "array") return types::array;
    return name == "object" ? types::object : 0;
}

}  // namespace

std::string_view view(const json::string& text) noexcept {
    return {text.data(), text.size()};
}

const json::value* Node::find(std::string_view keyword) const noexcept {
    const auto* object = schema->if_object();
    return object != nullptr ? object->if_contains(to_json(keyword)) : nullptr;
}

std::optional<long double> Node::number(std::string_view keyword) const noexcept {
    const auto* value = find(keyword);
    if (value == nullptr || !value->is_number()) return std::nullopt;
    return schema::exact(*value);
}

std::optional<Node> Node::child(std::string_view keyword) const noexcept {
    const auto* value = find(keyword);
    if (value == nullptr || !(value->is_object() || value->is_bool())) return std::nullopt;
    return at(*value);
}

std::optional<Node> Node::child(std::string_view keyword, std::string_view name) const noexcept {
    const auto* map = find(keyword);
    const auto* object = map != nullptr ? map->if_object() : nullptr;
    const auto* value = object != nullptr ? object->if_contains(to_json(name)) : nullptr;
    if (value == nullptr) return std::nullopt;
    return at(*value);
}

bool Node::is_bool(bool value) const noexcept {
    return schema->is_bool() && schema->get_bool() == value;
}

Node resolve(Node node) {
    // check_references() has made sure that this ends.
    while (const auto* reference = node.find("$ref")) {
        if (!reference->is_string()) break;
        const auto* target = schema::resolve_reference(*node.root, view(reference->get_string()));
        if (target == nullptr) break;
        node = node.at(*target);
    }
    return node;
}

Conjunction expand(const Conjunction& nodes, long& steps) {
    Conjunction all;
    for (const auto& raw : nodes) {
        auto node = resolve(raw);
        if (node.is_bool(true)) continue;
        const bool laid_open = std::exchange(node.laid_open, true);
        all.push_back(node);
        if (laid_open) continue;
        if (const auto* members = node.find("allOf"); members != nullptr && members->is_array()) {
            Conjunction inner;
            for (const auto& member : members->get_array()) {
                if (--steps < 0) return all;
                inner.push_back(node.at(member));
            }
            const auto laid_open = expand(inner, steps);
            all.insert(all.end(), laid_open.begin(), laid_open.end());
        }
    }
    return all;
}

unsigned types::of_value(const json::value& value) noexcept {
    switch (value.kind()) {
        case json::kind::null:
            return null;
        case json::kind::bool_:
            return boolean;
        case json::kind::int64:
        case json::kind::uint64:
            return integer;
        case json::kind::double_:
            return std::trunc(value.get_double()) == value.get_double() ? integer : fraction;
        case json::kind::string:
            return string;
        case json::kind::array:
            return array;
        case json::kind::object:
            return object;
    }
    return all;
}

unsigned types::of(const Node& node) noexcept {
    if (node.is_bool(false)) return 0;
    unsigned bits = all;
    if (const auto* type = node.find("type")) {
        unsigned named = 0;
        if (type->is_string()) named = of_name(view(type->get_string()));
        for (const auto name : strings(type)) named |= of_name(name);
        bits &= named;
    }
    if (const auto* constant = node.find("const")) bits &= of_value(*constant);
    if (const auto* options = node.find("enum"); options != nullptr && options->is_array()) {
        unsigned named = 0;
        for (const auto& option : options->get_array()) named |= of_value(option);
        bits &= named;
    }
    return bits;
}

unsigned types::of(const Conjunction& nodes) noexcept {
    unsigned bits = all;
    for (const auto& node : nodes) bits &= of(node);
    return bits;
}

const json::value& types::schema_of(unsigned bit) {
    static const json::value of_null{{"type", "null"}};
    static const json::value of_boolean{{"type", "boolean"}};
    static const json::value of_integer{{"type", "integer"}};
    static const json::value of_number{{"type", "number"}};
    static const json::value of_string{{"type", "string"}};
    static const json::value of_array{{"type", "array"}};
    static const json::value of_object{{"type", "object"}};
    switch (bit) {
        case null:
            return of_null;
        case boolean:
            return of_boolean;
        case integer:
            return of_integer;
        case string:
            return of_string;
        case array:
            return of_array;
        case object:
            return of_object;
        default:
            return of_number;
    }
}

std::string types::words(unsigned bits) {
    static constexpr std::array<std::pair<unsigned, const char*>, 7> names{{{null, "null"},
                                                                            {boolean, "boolean"},
                                                                            {integer, "integer"},
                                                                            {fraction, "number"},
                                                                            {string, "string"},
                                                                            {array, "array"},
                                                                            {object, "object"}}};
    if ((bits & fraction) != 0) bits &= ~integer;
    std::string text;
    for (const auto& [bit, name] : names) {
        if ((bits & bit) != 0) text += (text.empty() ? "" : ", ") + std::string(name);
    }
    return text;
}

bool contains_reference(const json::value& value) {
    if (const auto* array = value.if_array()) return std::any_of(array->begin(), array->end(), contains_reference);
    const auto* object = value.if_object();
    return object != nullptr && std::any_of(object->begin(), object->end(), [](const auto& member) {
               return member.key() == "$ref" || contains_reference(member.value());
           });
}

bool same(const json::value& one, const json::value& other) {
    return one == other && !contains_reference(one);
}

std::vector<std::string_view> strings(const json::value* list) {
    std::vector<std::string_view> texts;
    if (list == nullptr || !list->is_array()) return texts;
    for (const auto& element : list->get_array()) {
        if (element.is_string()) texts.push_back(view(element.get_string()));
    }
    return texts;
}

}  // namespace nearline::registry
