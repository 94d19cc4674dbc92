#pragma once

/// valijson, with an end: include this, nowhere valijson's own headers.
///
/// It says std::regex by name, which recurses for each character and backtracks without bound; and where alternatives
/// refer to alternatives it checks one value as often as there are ways to it. Its names are looked up from inside
/// namespace valijson, so a namespace std there, which has all of ::std, a regex of ours, and what it calls for each
/// value that it checks, is what it finds. Releases later than Debian 12's and 13's take the engine as a template
/// parameter.

#include <exception>
#include <functional>
#include <regex>
#include <stdexcept>
#include <string>
#include <utility>

#include "schema/pattern.hpp"

namespace nearline::schema {

/// What a check on this thread may look at, and how many values it may still check.
struct CheckUnderWay {
    const Patterns* patterns;
    long steps;
};
inline CheckUnderWay& check_under_way() {
    static thread_local CheckUnderWay check{nullptr, 0};
    return check;
}

/// A check is given up: it says neither yes nor no.
class TooManySteps : public std::exception {};

}  // namespace nearline::schema

namespace valijson::std {

using namespace ::std;

/// One of the patterns of the schema that is checked against.
class regex {  // NOLINT(readability-identifier-naming)
public:
    explicit regex(const ::std::string& expression)
        : pattern_(nearline::schema::check_under_way().patterns->at(expression)) {}
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

/// Called for each value that is checked against a schema.
template <class... Arguments>
auto bind(Arguments&&... arguments) {
    if (--nearline::schema::check_under_way().steps < 0) throw nearline::schema::TooManySteps();
    return ::std::bind(::std::forward<Arguments>(arguments)...);
}

}  // namespace valijson::std

// clang-format off: after what they are to find
#include <valijson/adapters/boost_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>
// clang-format on
