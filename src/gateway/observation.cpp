#include "gateway/observation.hpp"

#include <algorithm>
#include <boost/json/value.hpp>

#include "domain/json.hpp"
#include "domain/prediction.hpp"

namespace nearline::gateway {
namespace {

/// Numbers that the schema lets through and a model can't compute with.
void add_numbers_out_of_range(const boost::json::value& document, std::vector<Violation>& violations) {
    const auto* object = document.if_object();
    if (!object) return;
    for (const auto& [name, value] : *object) {
        const double* number = value.if_double();
        if (!number || is_finite_float32(*number)) continue;
        const std::string pointer = pointer_step(name);
        const bool named = std::any_of(violations.begin(), violations.end(),
                                       [&](const Violation& violation) { return violation.pointer == pointer; });
        if (!named)
            violations.push_back(
                {pointer, std::string("must be finite as float32, at most ") + largest_float32 + " in size"});
    }
}

Problem breaks_schema(std::vector<Violation> violations) {
    Problem problem{422, "Unprocessable Content",
                    "The body is JSON, but not what the model asks for: " + std::to_string(violations.size()) +
                        (violations.size() == 1 ? " place breaks" : " places break") + " its schema, see errors."};
    problem.errors = std::move(violations);
    return problem;
}

}  // namespace

Result<std::string> check_observation(std::string_view body, const schema::JsonSchema& schema) {
    const auto document = parse_json(body);
    if (!document) return document.error();
    auto violations = schema.validate(*document);
    add_numbers_out_of_range(*document, violations);
    const auto* object = document->if_object();
    if (!object && violations.empty()) violations.push_back({"", "must be an object"});
    if (!violations.empty()) return breaks_schema(std::move(violations));

    Features features;
    features.reserve(object->size());
    for (const std::string& name : schema.properties()) {
        const auto* value = object->if_contains(name);
        if (!value) continue;
        if (!value->is_number())
            return breaks_schema({{pointer_step(name), "must be a number: models take nothing else"}});
        features.push_back({name, value->to_number<double>()});
    }
    return to_json(features);
}

}  // namespace nearline::gateway
