#pragma once

namespace Ort {
struct Env;
struct SessionOptions;
}  // namespace Ort

namespace nearline::prediction {

/// ONNX Runtime's environment: it allows one in a process. It logs to our log and sends nothing anywhere.
Ort::Env& onnx_environment();

/// Options for a model that is asked by one thread at a time, in the middle of a request: no thread pool,
/// no spinning.
Ort::SessionOptions onnx_session_options();

}  // namespace nearline::prediction
