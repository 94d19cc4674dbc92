#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "prediction/model.hpp"

namespace nearline::prediction {

/// The value of one key of a model file's metadata; nothing where it has none.
using MetadataLookup = std::function<std::optional<std::string>(const char* key)>;

/// Reads name, version, model_type, feature_names and classes. Throws BadModel naming every key that is
/// missing or wrong. Leaves id and sha256 alone.
ModelInfo read_metadata(const MetadataLookup& lookup);

}  // namespace nearline::prediction
