#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace nearline::schema {

/// A regular expression of a JSON Schema (ECMA-262), compiled. Looking for it takes time that grows with the text
/// alone, and memory and stack that are bounded, whatever the expression. Immutable, thread-safe.
class Pattern {
public:
    /// Throws std::invalid_argument, in words for the schema's author, where it is no regular expression, too large, or
    /// needs what can't be had in linear time (looking around, back references).
    explicit Pattern(std::string_view expression);
    ~Pattern();
    Pattern(Pattern&&) noexcept;
    Pattern& operator=(Pattern&&) noexcept;

    /// Whether it is found anywhere in a text of UTF-8; "$" is the text's end alone, not a line's.
    bool found_in(std::string_view text) const;

private:
    struct Impl;
    std::unique_ptr<const Impl> impl_;
};

/// Patterns by their expressions.
using Patterns = std::map<std::string, Pattern, std::less<>>;

/// The pattern of that expression, compiled where it is not there yet. Throws as Pattern does.
const Pattern& pattern_of(Patterns& patterns, std::string_view expression);

}  // namespace nearline::schema
