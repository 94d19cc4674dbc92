#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace nearline::app {

/// The model file to use: the one given, else the first there is of models/iris.onnx in the working folder,
/// ../share/nearline/models/iris.onnx beside `executable` (installed), and ../../../models/iris.onnx (built
/// in the repository). Throws ConfigurationError that lists where it looked.
std::string find_model(const std::optional<std::string>& given, const std::filesystem::path& executable);

/// The path of the program that runs.
std::filesystem::path this_executable();

/// A path as a person would type it: relative where it lies in the working folder.
std::string near_path(const std::filesystem::path& path);

}  // namespace nearline::app
