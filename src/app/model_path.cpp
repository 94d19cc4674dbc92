#include "app/model_path.hpp"

#include <vector>

#include "app/process.hpp"

namespace nearline::app {

std::string find_model(const std::optional<std::string>& given, const std::filesystem::path& executable) {
    if (given) return *given;
    const auto bin = executable.parent_path();
    const std::vector<std::filesystem::path> places{"models/iris.onnx", bin / "../share/nearline/models/iris.onnx",
                                                    bin / "../../../models/iris.onnx"};
    std::string looked;
    for (const auto& place : places) {
        std::error_code error;
        if (std::filesystem::is_regular_file(place, error)) return place.lexically_normal().string();
        looked += (looked.empty() ? "" : ", ") + place.lexically_normal().string();
    }
    throw ConfigurationError("--model: no model was named, and there is none at " + looked);
}

std::filesystem::path this_executable() {
    std::error_code error;
    const auto path = std::filesystem::read_symlink("/proc/self/exe", error);
    return error ? std::filesystem::path("nearline") : path;
}

}  // namespace nearline::app
