#include "app/model_path.hpp"

#include <vector>

#include "app/process.hpp"

namespace nearline::app {

std::string find_model(const std::optional<std::string>& given, const std::filesystem::path& executable) {
    if (given && given->empty()) throw ConfigurationError("--model: is empty; it names an ONNX file");
    if (given) return *given;
    const auto bin = executable.parent_path();
    const std::vector<std::filesystem::path> places{"models/iris.onnx", bin / "../share/nearline/models/iris.onnx",
                                                    bin / "../../../models/iris.onnx"};
    std::string looked;
    for (const auto& place : places) {
        std::error_code error;
        const auto path = place.lexically_normal();
        if (std::filesystem::is_regular_file(path, error)) return path.string();
        looked += (looked.empty() ? "" : ", ") + path.string();
    }
    throw ConfigurationError("--model: no model was named, and there is none at " + looked);
}

std::string near_path(const std::filesystem::path& path) {
    std::error_code error;
    const auto relative = path.lexically_relative(std::filesystem::current_path(error));
    if (error || relative.empty() || *relative.begin() == "..") return path.string();
    return relative.string();
}

std::filesystem::path this_executable() {
    std::error_code error;
    const auto path = std::filesystem::read_symlink("/proc/self/exe", error);
    return error ? std::filesystem::path("nearline") : path;
}

}  // namespace nearline::app
