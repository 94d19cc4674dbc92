#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/problem.hpp"
#include "domain/whole_number.hpp"

namespace nearline::admin {

/// A whole number from 0 on, and nothing else.
template <class Number>
std::optional<Number> parse_number(std::string_view text) {
    const auto value = parse_whole_number<Number>(text);
    return value && *value >= 0 ? value : std::nullopt;
}

/// Takes the parameters of a request one by one and gathers what is wrong with them.
class Parameters {
public:
    Parameters(const std::map<std::string, std::string>& query, const std::vector<std::string>& known) : query_(query) {
        std::string names;
        for (const auto& name : known) names += (names.empty() ? "" : ", ") + name;
        for (const auto& [name, value] : query) {
            if (std::find(known.begin(), known.end(), name) != known.end()) continue;
            wrong("/" + name, "is no parameter; known are " + names);
        }
    }

    std::optional<std::string_view> text(const std::string& name) const {
        const auto found = query_.find(name);
        if (found == query_.end()) return std::nullopt;
        return found->second;
    }

    template <class Number>
    std::optional<Number> number(const std::string& name, Number least, Number most) {
        const auto given = text(name);
        if (!given) return std::nullopt;
        const auto value = parse_number<Number>(*given);
        if (value && *value >= least && *value <= most) return value;
        wrong("/" + name, "must be a whole number from " + std::to_string(least) + " to " + std::to_string(most));
        return std::nullopt;
    }

    bool flag(const std::string& name) {
        const auto given = text(name);
        if (given && *given != "true" && *given != "false") wrong("/" + name, "must be true or false");
        return given == "true";
    }

    void wrong(std::string pointer, std::string detail) { errors.push_back({std::move(pointer), std::move(detail)}); }

    std::vector<Violation> errors;

private:
    const std::map<std::string, std::string>& query_;
};

}  // namespace nearline::admin
