#pragma once

#include <boost/json/value.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What a schema says, asked keyword by keyword. For containment.cpp.
namespace nearline::registry {

/// A schema and the document that its references point into.
struct Node {
    const boost::json::value* schema;
    const boost::json::value* root;
    bool laid_open = false;                      ///< its allOf stands beside it
    bool split = false;                          ///< its anyOf or oneOf has been dealt with
    const boost::json::value* chosen = nullptr;  ///< then: the alternative of its oneOf that is looked at

    const boost::json::value* find(std::string_view keyword) const noexcept;
    std::optional<long double> number(std::string_view keyword) const noexcept;
    /// A schema under a keyword, or below that by name.
    std::optional<Node> child(std::string_view keyword) const noexcept;
    std::optional<Node> child(std::string_view keyword, std::string_view name) const noexcept;
    Node at(const boost::json::value& below) const noexcept { return {&below, root}; }
    bool is_bool(bool value) const noexcept;
};

/// All of these hold at once.
using Conjunction = std::vector<Node>;

/// Follows $ref, as far as it goes.
Node resolve(Node node);
/// References followed and allOf laid open; "true" is left out. Each member of an allOf takes one of the `steps`, since
/// references can multiply them; below 0 the rest stays away, and what comes back says too little.
Conjunction expand(const Conjunction& nodes, long& steps);

/// Sets of types as bits; a number is an integer or a fraction.
namespace types {
inline constexpr unsigned null = 1, boolean = 2, integer = 4, fraction = 8, string = 16, array = 32, object = 64,
                          all = 127;
unsigned of_value(const boost::json::value& value) noexcept;
/// What "type", "const" and "enum" leave.
unsigned of(const Node& node) noexcept;
unsigned of(const Conjunction& nodes) noexcept;
/// A schema {"type": …} for each single bit.
const boost::json::value& schema_of(unsigned bit);
std::string words(unsigned bits);
}  // namespace types

bool contains_reference(const boost::json::value& value);
/// Equal documents without references: they mean the same wherever they stand.
bool same(const boost::json::value& one, const boost::json::value& other);

std::vector<std::string_view> strings(const boost::json::value* list);
std::string_view view(const boost::json::string& text) noexcept;

}  // namespace nearline::registry
