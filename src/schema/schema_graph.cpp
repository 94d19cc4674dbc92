#include "schema/schema_graph.hpp"

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <charconv>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "domain/json.hpp"
#include "domain/whole_number.hpp"

namespace nearline::schema {
namespace {

namespace json = boost::json;

/// How many schemas may lie on a way through the document: nested, and joined by references. The parser goes down the
/// stack for each, in an order of its own, so that a circle counts with all that belongs to it.
constexpr std::size_t most_on_a_way = 512;
/// Of those about one and the same value: validation goes down so far for each level of the data.
constexpr std::size_t most_in_place = 128;

/// Measures the longest way from each schema, circles as a whole: Tarjan's strongly connected components.
class Ways {
public:
    enum class Follow { all, in_place };
    Ways(const json::value& root, Follow follow) : root_(root), follow_(follow) {}

    /// The schemas on the longest way from here; throws std::invalid_argument where they are too many or, in place,
    /// lead back.
    void measure(const json::value& schema) {
        if (!places_.contains(&schema)) visit(schema, 1);
    }

private:
    struct Place {
        std::size_t number;  ///< in the order of visits
        std::size_t lowest;  ///< the first that can be reached from here and reaches here
        bool open = true;    ///< its circle is not known yet
        std::size_t beyond = 0;
        std::size_t longest = 0;
    };

    template <class Use>
    void for_each_next(const json::object& schema, const Use& use) const {
        const auto reference = reference_of(schema);
        const auto* target = reference ? resolve_reference(root_, *reference) : nullptr;
        if (target != nullptr && target->is_object()) use(*target);
        // What stands beside a reference says nothing, but is looked at.
        if (target != nullptr && follow_ == Follow::in_place) return;
        for_each_subschema(schema, [&](const json::value& child, bool in_place) {
            if (child.is_object() && (in_place || follow_ == Follow::all)) use(child);
        });
    }

    // References to elements of an unordered_map stay whole while it grows.
    const Place& visit(const json::value& schema, std::size_t depth) {
        hold(depth, schema);
        auto& place = places_.emplace(&schema, Place{places_.size(), places_.size()}).first->second;
        open_.push_back(&schema);
        bool leads_to_itself = false;
        for_each_next(schema.get_object(), [&](const json::value& next) {
            leads_to_itself = leads_to_itself || &next == &schema;
            const auto known = places_.find(&next);
            const auto& other = known == places_.end() ? visit(next, depth + 1) : known->second;
            if (other.open) {
                place.lowest = std::min(place.lowest, other.lowest);
            } else {
                place.beyond = std::max(place.beyond, other.longest);
            }
        });
        if (place.lowest == place.number) close(schema, leads_to_itself);
        return place;
    }

    /// A circle, or a single schema, with all that it leads to.
    void close(const json::value& first, bool leads_to_itself) {
        const auto begin = std::find(open_.rbegin(), open_.rend(), &first).base() - 1;
        const auto size = static_cast<std::size_t>(open_.end() - begin);
        if (follow_ == Follow::in_place && (size > 1 || leads_to_itself)) {
            throw std::invalid_argument("the schema refers to itself without a step into the data: " +
                                        json::serialize(first).substr(0, 200));
        }
        std::size_t beyond = 0;
        std::for_each(begin, open_.end(), [&](const auto* one) { beyond = std::max(beyond, places_.at(one).beyond); });
        hold(size + beyond, first);
        std::for_each(begin, open_.end(), [&](const auto* one) {
            auto& place = places_.at(one);
            place.open = false;
            place.longest = size + beyond;
        });
        open_.erase(begin, open_.end());
    }

    void hold(std::size_t length, const json::value& schema) const {
        const auto most = follow_ == Follow::all ? most_on_a_way : most_in_place;
        if (length <= most) return;
        throw std::invalid_argument("schemas and references lead on for more than " + std::to_string(most) + " steps" +
                                    (follow_ == Follow::in_place ? " about one value" : "") + ": at " +
                                    json::serialize(schema).substr(0, 200));
    }

    const json::value& root_;
    Follow follow_;
    std::unordered_map<const json::value*, Place> places_;
    std::vector<const json::value*> open_;
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

std::optional<std::string> find_below(const json::value& place, const json::value& value) {
    if (&place == &value) return "";
    if (const auto* array = place.if_array()) {
        for (std::size_t i = 0; i < array->size(); ++i) {
            if (const auto rest = find_below((*array)[i], value)) return pointer_step(std::to_string(i)) + *rest;
        }
    }
    if (const auto* object = place.if_object()) {
        for (const auto& member : *object) {
            const auto rest = find_below(member.value(), value);
            if (rest) return pointer_step({member.key().data(), member.key().size()}) + *rest;
        }
    }
    return std::nullopt;
}

}  // namespace

std::string pointer_to(const json::value& root, const json::value& value) {
    return find_below(root, value).value_or("");
}

std::optional<std::string_view> reference_of(const json::object& schema) {
    const auto* reference = schema.if_contains("$ref");
    if (reference == nullptr || !reference->is_string()) return std::nullopt;
    return std::string_view{reference->get_string().data(), reference->get_string().size()};
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
            const auto index = parse_whole_number<std::size_t>(token);
            place = index ? place->get_array().if_contains(*index) : nullptr;
        } else {
            place = nullptr;
        }
        if (place == nullptr) return nullptr;
    }
    return place;
}

std::vector<const json::value*> schemas_in(const json::value& root) {
    std::vector<const json::value*> schemas;
    std::unordered_set<const json::value*> met;
    const auto meet = [&](const json::value& schema) {
        if (schema.is_object() && met.insert(&schema).second) schemas.push_back(&schema);
    };
    meet(root);
    for (std::size_t i = 0; i < schemas.size(); ++i) {
        const auto& schema = schemas[i]->get_object();
        for_each_subschema(schema, [&](const json::value& child, bool) { meet(child); });
        const auto reference = reference_of(schema);
        const auto* target = reference ? resolve_reference(root, *reference) : nullptr;
        if (target != nullptr) meet(*target);
    }
    return schemas;
}

void check_references(const json::value& root) {
    Ways in_place(root, Ways::Follow::in_place);
    Ways all(root, Ways::Follow::all);
    for (const auto* schema : schemas_in(root)) {
        const auto reference = reference_of(schema->get_object());
        if (reference && resolve_reference(root, *reference) == nullptr) {
            throw std::invalid_argument("\"$ref\": " + quote_json(*reference) +
                                        " leads to no place in the schema; only references into the schema itself "
                                        "(\"#/definitions/…\") are understood");
        }
        in_place.measure(*schema);
        all.measure(*schema);
    }
}

}  // namespace nearline::schema
