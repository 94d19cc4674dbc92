#include <algorithm>

#include "registry/comparison.hpp"

namespace nearline::registry {
namespace {

namespace json = boost::json;

/// What a schema says of the element at an index.
std::optional<Node> item(const Node& node, std::size_t index) {
    const auto* items = node.find("items");
    if (items == nullptr) return std::nullopt;
    if (!items->is_array()) return node.at(*items);
    if (index < items->get_array().size()) return node.at(items->get_array()[index]);
    return node.child("additionalItems");
}

std::vector<std::string_view> names_of(const Node& node, std::string_view keyword) {
    std::vector<std::string_view> names;
    const auto* map = node.find(keyword);
    if (map == nullptr || !map->is_object()) return names;
    for (const auto& member : map->get_object()) names.push_back({member.key().data(), member.key().size()});
    return names;
}

std::set<std::string_view> set_of(const std::vector<std::string_view>& names) {
    return {names.begin(), names.end()};
}

std::set<std::string_view> required(const Conjunction& nodes) {
    std::set<std::string_view> names;
    for (const auto& node : nodes) {
        for (const auto& name : strings(node.find("required"))) names.insert(name);
    }
    return names;
}

/// How many members an object can have at most, where a schema is closed.
std::optional<long double> most_properties(const Conjunction& writer) {
    std::optional<long double> most;
    for (const auto& node : writer) {
        const auto others = node.child("additionalProperties");
        if (!others || !others->is_bool(false) || !names_of(node, "patternProperties").empty()) continue;
        const auto count = static_cast<long double>(names_of(node, "properties").size());
        most = most ? std::min(*most, count) : count;
    }
    return most;
}

}  // namespace

void Comparison::compare_arrays(const Conjunction& writer, const Node& reader, const std::string& path) {
    compare_size(writer, reader, "maxItems", true, {}, path);
    compare_size(writer, reader, "minItems", false, {}, path);
    const auto* unique = reader.find("uniqueItems");
    const auto at_most = least(writer, "maxItems");
    if (unique != nullptr && *unique == true && !has_same(writer, "uniqueItems", *unique) &&
        !(at_most && *at_most <= 1)) {
        add(step(path, "uniqueItems"), reader_name_ + " wants each element once, " + writer_name_ + " does not");
    }
    const auto* items = reader.find("items");
    if (items == nullptr) return;
    std::size_t places = items->is_array() ? items->get_array().size() : 0;
    for (const auto& node : writer) {
        const auto* own = node.find("items");
        if (own != nullptr && own->is_array()) places = std::max(places, own->get_array().size());
    }
    for (std::size_t i = 0; i <= places; ++i) {  // the last one stands for all that follow
        if (at_most && static_cast<long double>(i) >= *at_most) break;
        const auto wanted = item(reader, i);
        if (!wanted) continue;
        const bool in_tuple = items->is_array() && i < items->get_array().size();
        const auto below = in_tuple ? step(step(path, "items"), std::to_string(i))
                                    : step(path, items->is_array() ? "additionalItems" : "items");
        Conjunction own;
        for (const auto& node : writer) {
            if (const auto one = item(node, i)) own.push_back(*one);
        }
        compare(own, *wanted, below);
    }
}

void Comparison::compare_objects(const Conjunction& writer, const Node& reader, const std::string& path) {
    compare_required(writer, reader, path);
    compare_size(writer, reader, "maxProperties", true, most_properties(writer), path);
    compare_size(writer, reader, "minProperties", false, static_cast<long double>(required(writer).size()), path);
    compare_dependencies(writer, reader, path);
    std::set<std::string_view> names;
    for (const auto& node : writer) names.merge(set_of(names_of(node, "properties")));
    names.merge(set_of(names_of(reader, "properties")));
    for (const auto& name : names) compare_property(writer, reader, name, path);
    compare_other_properties(writer, reader, path);
}

void Comparison::compare_required(const Conjunction& writer, const Node& reader, const std::string& path) {
    const auto present = required(writer);
    for (const auto& name : strings(reader.find("required"))) {
        if (present.contains(name)) continue;
        const auto property = reader.child("properties", name);
        if (property && resolve(*property).find("default") != nullptr) continue;
        add(step(step(path, "required"), name), reader_name_ + " requires the property " + std::string(name) +
                                                    " and has no default for it, " + writer_name_ +
                                                    " lets it be missing");
    }
}

void Comparison::compare_dependencies(const Conjunction& writer, const Node& reader, const std::string& path) {
    const auto* dependencies = reader.find("dependencies");
    if (dependencies == nullptr || !dependencies->is_object() || has_same(writer, "dependencies", *dependencies))
        return;
    const auto present = required(writer);
    for (const auto& dependency : dependencies->get_object()) {
        const std::string_view name(dependency.key().data(), dependency.key().size());
        auto given = present;
        for (const auto& node : writer) {
            const auto own = node.child("dependencies", name);
            for (const auto& other : strings(own ? own->schema : nullptr)) given.insert(other);
        }
        const auto wanted = strings(&dependency.value());
        const bool held = dependency.value().is_array() &&
                          std::all_of(wanted.begin(), wanted.end(), [&](auto one) { return given.contains(one); });
        if (!held && !never(writer, name)) {
            add(step(step(path, "dependencies"), name), reader_name_ + " makes the property " + std::string(name) +
                                                            " depend on others; that " + writer_name_ +
                                                            " keeps to this can't be decided");
        }
    }
}

/// What the schemas say of a property: every one that applies to it.
Conjunction Comparison::property(const Conjunction& nodes, std::string_view name) {
    Conjunction all;
    for (const auto& node : nodes) {
        bool known = false;
        if (const auto own = node.child("properties", name)) {
            all.push_back(*own);
            known = true;
        }
        for (const auto& pattern : names_of(node, "patternProperties")) {
            if (--work_.steps < 0) break;  // not_understood() has the last word then
            if (!schema::pattern_of(work_.patterns, pattern).found_in(name)) continue;
            all.push_back(*node.child("patternProperties", pattern));
            known = true;
        }
        const auto others = node.child("additionalProperties");
        if (!known && others) all.push_back(*others);
    }
    return all;
}

bool Comparison::never(const Conjunction& writer, std::string_view name) {
    return types::of(expand(property(writer, name), work_.steps)) == 0;
}

void Comparison::compare_property(const Conjunction& writer, const Node& reader, std::string_view name,
                                  const std::string& path) {
    const auto own = property(writer, name);
    const auto wanted = property({reader}, name);
    if (types::of(expand(own, work_.steps)) == 0) return;  // the writer never writes it
    const auto below = step(step(path, "properties"), name);
    const bool is_named = reader.child("properties", name).has_value();
    if (!is_named && std::any_of(wanted.begin(), wanted.end(), [](const Node& one) { return one.is_bool(false); })) {
        return add(below, writer_name_ + " has the property " + std::string(name) + ", " + reader_name_ +
                              " neither knows it nor lets unknown ones through (additionalProperties: false)");
    }
    const auto before = found_.size();
    for (const auto& one : wanted) compare(own, one, below);
    if (is_named && found_.size() > before && expand(own, work_.steps).empty()) {
        found_.resize(before);
        add(below, reader_name_ + " has the property " + std::string(name) + ", which " + writer_name_ +
                       " lets through as anything at all (an open content model)");
    }
}

/// Properties that neither schema names, and that match a pattern of the reader's.
void Comparison::compare_pattern(const Conjunction& writer, const Node& reader, std::string_view pattern,
                                 const std::string& path) {
    Conjunction own;
    for (const auto& node : writer) {
        const auto others = node.child("additionalProperties");
        if (const auto same_pattern = node.child("patternProperties", pattern)) {
            own.push_back(*same_pattern);
        } else if (others && names_of(node, "patternProperties").empty()) {
            own.push_back(*others);
        }
    }
    compare(own, *reader.child("patternProperties", pattern), step(step(path, "patternProperties"), pattern));
}

/// Properties that neither schema names.
void Comparison::compare_other_properties(const Conjunction& writer, const Node& reader, const std::string& path) {
    Conjunction others;
    for (const auto& node : writer) {
        if (const auto own = node.child("additionalProperties")) others.push_back(*own);
    }
    const auto reader_others = reader.child("additionalProperties");
    const bool writer_closed = types::of(expand(others, work_.steps)) == 0;
    for (const auto& pattern : names_of(reader, "patternProperties")) compare_pattern(writer, reader, pattern, path);
    if (!reader_others || reader_others->is_bool(true)) return;
    for (const auto& node : writer) {
        for (const auto& pattern : names_of(node, "patternProperties")) {
            if (reader.child("patternProperties", pattern)) continue;
            compare({*node.child("patternProperties", pattern)}, *reader_others,
                    step(step(path, "patternProperties"), pattern));
        }
    }
    if (writer_closed) return;
    const auto below = step(path, "additionalProperties");
    if (reader_others->is_bool(false)) {
        return add(below, writer_name_ + " lets unknown properties through, " + reader_name_ + " does not");
    }
    compare(others, *reader_others, below);
}

}  // namespace nearline::registry
