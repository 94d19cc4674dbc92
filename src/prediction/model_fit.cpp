#include "prediction/model_fit.hpp"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "domain/prediction.hpp"
#include "domain/time.hpp"

namespace nearline::prediction {
namespace {

using Names = std::vector<std::string>;

/// Those of `names` that are not among `others`, as a list for people; empty: none.
std::string lacking(const Names& names, const Names& others) {
    std::string list;
    for (const auto& name : names) {
        if (std::find(others.begin(), others.end(), name) != others.end()) continue;
        if (!list.empty()) list += ", ";
        list += name;
    }
    return list;
}

std::string not_numbers(const schema::JsonSchema& input) {
    const auto document = boost::json::parse(input.text());
    const auto* properties = document.as_object().if_contains("properties");
    std::string list;
    for (const auto& [name, property] : properties->as_object()) {
        const auto* object = property.if_object();
        const auto* type = object == nullptr ? nullptr : object->if_contains("type");
        if (type == nullptr || *type == "number" || *type == "integer") continue;
        if (!list.empty()) list += ", ";
        list += name;
    }
    return list;
}

std::string check_input(const ModelInfo& model, const schema::JsonSchema& input) {
    const auto unknown = lacking(model.feature_names, input.properties());
    if (!unknown.empty()) return "its features " + unknown + " are no properties of the input topic's schema";
    const auto unused = lacking(input.properties(), model.feature_names);
    if (!unused.empty()) return "the input topic's schema has " + unused + ", which are no features of it";
    const auto optional = lacking(model.feature_names, input.required());
    if (!optional.empty()) return "the input topic's schema does not require " + optional + ", which it needs";
    const auto words = not_numbers(input);
    if (!words.empty()) return "the input topic's schema allows other than numbers for " + words;
    return "";
}

std::string check_answer(const Prediction& answer, const schema::JsonSchema& output) {
    const auto violations = output.validate(boost::json::parse(to_json(answer)));
    if (violations.empty()) return "";
    const auto kind = answer.prediction ? "an answer \"" + *answer.prediction + "\"" : std::string("a failure");
    return kind + " would break the output topic's schema: " + violations.front().pointer + " " +
           violations.front().detail;
}

}  // namespace

std::string misfit(const ModelInfo& model, const schema::JsonSchema& input, const schema::JsonSchema& output) {
    if (auto reason = check_input(model, input); !reason.empty()) return reason;
    Prediction answer;
    for (const auto& name : input.properties()) answer.features.push_back({name, 1.0});
    answer.model_id = model.id.to_string();
    answer.model_type = model.model_type;
    answer.created_at = to_created_at(WallTime{});
    answer.message = "Success";
    for (const auto& name : model.classes) {
        answer.prediction = name;
        if (auto reason = check_answer(answer, output); !reason.empty()) return reason;
    }
    Prediction failure;
    for (const auto& name : input.properties()) failure.features.push_back({name, std::nullopt});
    failure.status = 422;
    failure.created_at = answer.created_at;
    failure.message = "a reason";
    return check_answer(failure, output);
}

}  // namespace nearline::prediction
