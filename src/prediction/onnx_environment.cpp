#include "prediction/onnx_environment.hpp"

#include <onnxruntime_cxx_api.h>
#include <onnxruntime_session_options_config_keys.h>

#include "runtime/log.hpp"

namespace nearline::prediction {
namespace {

void ORT_API_CALL forward_log(void*, OrtLoggingLevel severity, const char* category, const char*, const char* location,
                              const char* message) {
    const auto level = severity >= ORT_LOGGING_LEVEL_ERROR     ? log::Level::error
                       : severity == ORT_LOGGING_LEVEL_WARNING ? log::Level::warning
                                                               : log::Level::debug;
    log::write(level, message, {{"part", "onnxruntime"}, {"category", category}, {"at", location}});
}

}  // namespace

Ort::Env& onnx_environment() {
    static Ort::Env environment = [] {
        Ort::Env made(ORT_LOGGING_LEVEL_WARNING, "nearline", forward_log, nullptr);
        made.DisableTelemetryEvents();
        return made;
    }();
    return environment;
}

Ort::SessionOptions onnx_session_options() {
    Ort::SessionOptions options;
    options.SetIntraOpNumThreads(1);
    options.SetInterOpNumThreads(1);
    options.SetExecutionMode(ORT_SEQUENTIAL);
    options.SetGraphOptimizationLevel(ORT_ENABLE_ALL);
    options.AddConfigEntry(kOrtSessionOptionsConfigAllowIntraOpSpinning, "0");
    options.AddConfigEntry(kOrtSessionOptionsConfigAllowInterOpSpinning, "0");
    return options;
}

}  // namespace nearline::prediction
