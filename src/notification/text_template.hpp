#pragma once

#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace nearline::notification {

/// A template that can't be used; what() says which file, which line and why.
class BadTemplate : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// Text with places for values, written {{name}}. Nothing else is special. Immutable.
class TextTemplate {
public:
    TextTemplate() = default;
    /// `name` is what errors call it. Throws BadTemplate for a place that is not in `known`, or not closed.
    TextTemplate(const std::string& name, std::string_view text, const std::set<std::string>& known);

    /// The text with the values, as they are: whoever fills in HTML escapes them first. Each place's value
    /// must be there.
    std::string fill(const std::map<std::string, std::string>& values) const;

private:
    struct Part {
        std::string text;
        std::string place;  ///< after the text; empty at the end
    };
    std::vector<Part> parts_;
};

/// &, <, > and quotes as character references.
std::string escape_html(std::string_view text);

}  // namespace nearline::notification
