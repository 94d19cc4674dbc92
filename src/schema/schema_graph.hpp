#pragma once

#include <array>
#include <boost/json/value.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Where in a document its schemas are: what keywords hold, and where references lead.
namespace nearline::schema {

/// A keyword that holds schemas.
struct SchemaKeyword {
    std::string_view name;
    enum class Holds { schema, list, map, schema_or_list } holds;
    bool in_place;  ///< they are about the same value, not about a part of it
};
inline constexpr std::array schema_keywords{
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

/// Calls `use(child, in_place)` for every schema directly under this one, references not followed.
template <class Use>
void for_each_subschema(const boost::json::object& schema, const Use& use) {
    for (const auto& keyword : schema_keywords) {
        const auto* value = schema.if_contains(boost::json::string_view(keyword.name.data(), keyword.name.size()));
        if (value == nullptr) continue;
        using Holds = SchemaKeyword::Holds;
        if (keyword.holds == Holds::map && value->is_object()) {
            for (const auto& member : value->get_object()) use(member.value(), keyword.in_place);
        } else if (value->is_array() && (keyword.holds == Holds::list || keyword.holds == Holds::schema_or_list)) {
            for (const auto& element : value->get_array()) use(element, keyword.in_place);
        } else if (keyword.holds == Holds::schema || keyword.holds == Holds::schema_or_list) {
            use(*value, keyword.in_place);
        }
    }
}

/// The schema's "$ref", where it is a string.
std::optional<std::string_view> reference_of(const boost::json::object& schema);

/// What "#/definitions/x" refers to; nothing where it leads nowhere or out of the document.
const boost::json::value* resolve_reference(const boost::json::value& root, std::string_view reference);

/// The JSON pointer of a value that is in the document.
std::string pointer_to(const boost::json::value& root, const boost::json::value& value);

/// Every object of the document that is a schema, the root first. A reference may lead to where no keyword holds one:
/// what is there is a schema too.
std::vector<const boost::json::value*> schemas_in(const boost::json::value& root);

/// Throws std::invalid_argument where a $ref leads to nothing, out of the document, or back to itself without a step
/// into the data (validation would never end), or where schemas and references lead on for too many steps: whoever
/// follows them needs stack for each.
void check_references(const boost::json::value& root);

}  // namespace nearline::schema
