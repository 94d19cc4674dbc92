#include "prediction/model_metadata.hpp"

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <set>

#include "domain/json.hpp"

namespace nearline::prediction {
namespace {

std::vector<std::string> read_names(const std::string& key, const std::string& text, std::size_t least) {
    const auto parsed = parse_json(text);
    if (!parsed) throw BadModel("metadata \"" + key + "\" is no JSON array of names: " + parsed.error().detail);
    const auto* array = parsed->if_array();
    if (array == nullptr) throw BadModel("metadata \"" + key + "\" is no JSON array of names: " + text);
    std::vector<std::string> names;
    for (const auto& element : *array) {
        const auto* name = element.if_string();
        if (name == nullptr || name->empty()) {
            throw BadModel("metadata \"" + key + "\" has an element that is no name: " + text);
        }
        names.emplace_back(*name);
    }
    if (names.size() < least) {
        throw BadModel("metadata \"" + key + "\" has " + std::to_string(names.size()) + " names; at least " +
                       std::to_string(least) + " are needed");
    }
    if (std::set<std::string>(names.begin(), names.end()).size() != names.size()) {
        throw BadModel("metadata \"" + key + "\" has a name twice: " + text);
    }
    return names;
}

}  // namespace

ModelInfo read_metadata(const MetadataLookup& lookup) {
    std::string missing;
    const auto read = [&](const char* key) {
        auto text = lookup(key);
        if (text && !text->empty()) return *text;
        if (!missing.empty()) missing += ", ";
        missing += key;
        return std::string();
    };
    ModelInfo info;
    info.name = read("name");
    info.version = read("version");
    info.model_type = read("model_type");
    const auto feature_names = read("feature_names");
    const auto classes = read("classes");
    if (!missing.empty()) {
        throw BadModel("the file's metadata lacks " + missing +
                       "; set them with onnx.helper.set_model_props (training/README.md)");
    }
    info.feature_names = read_names("feature_names", feature_names, 1);
    info.classes = read_names("classes", classes, 2);
    return info;
}

}  // namespace nearline::prediction
