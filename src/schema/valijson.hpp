#pragma once

/// valijson, with patterns that end: include this, nowhere valijson's own headers.
///
/// It says std::regex by name, which recurses for each character and backtracks without bound. Its names are looked up
/// from inside namespace valijson, so a namespace std there, which has all of ::std and a regex of ours, is what it
/// finds. Releases later than Debian 12's and 13's take the engine as a template parameter.

#include <regex>
#include <stdexcept>
#include <string>

#include "schema/pattern.hpp"

namespace valijson::std {

using namespace ::std;

/// One of the patterns of the schema that is checked against.
class regex {  // NOLINT(readability-identifier-naming)
public:
    /// Whose patterns are meant, on this thread.
    static const nearline::schema::Patterns*& patterns() {
        static thread_local const nearline::schema::Patterns* current = nullptr;
        return current;
    }

    explicit regex(const ::std::string& expression) : pattern_(patterns()->at(expression)) {}
    bool found_in(const ::std::string& text) const { return pattern_.found_in(text); }

private:
    const nearline::schema::Pattern& pattern_;
};

inline bool regex_search(const ::std::string& text, const regex& expression) {
    return expression.found_in(text);
}

/// Only formats ask for it, and those are taken out of every schema.
template <class... Arguments>
bool regex_match(const Arguments&... /*unused*/) {
    throw ::std::logic_error("formats are not checked");
}

}  // namespace valijson::std

// clang-format off: after what they are to find
#include <valijson/adapters/boost_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>
// clang-format on
