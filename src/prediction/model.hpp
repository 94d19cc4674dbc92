#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "domain/uuid.hpp"

namespace nearline::prediction {

/// The file is no model that can answer here; what() says why, and what would be right.
class BadModel : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// What a model file says of itself (training/README.md).
struct ModelInfo {
    Uuid id;                                 ///< names this file's bytes: Uuid::name_based(model_name_space, sha256)
    std::string sha256;                      ///< of the file, lower-case hex
    std::string name;                        ///< e.g. iris
    std::string version;                     ///< for people
    std::string model_type;                  ///< e.g. LogisticRegressionModel
    std::vector<std::string> feature_names;  ///< in the order of the input's columns
    std::vector<std::string> classes;        ///< what it can answer
};

/// A classifier from a self-describing ONNX file. Immutable; thread-safe.
class Model {
public:
    /// Reads the file, checks its metadata, input and outputs, and asks it once. Throws BadModel.
    static std::shared_ptr<const Model> load(const std::string& file);
    /// The same for a file's content; `name` is for messages.
    static std::shared_ptr<const Model> from_bytes(std::string_view bytes, const std::string& name);
    ~Model();
    Model(const Model&) = delete;
    Model& operator=(const Model&) = delete;

    const ModelInfo& info() const noexcept;

    /// Answers all rows in one call: row after row, each with a value for each of feature_names in their
    /// order; `rows.size()` is a multiple of their number. Afterwards `labels` has one class a row, views
    /// into info().classes. Throws std::runtime_error when the model can't compute one of the rows, or
    /// answers a label that is none of its classes.
    void predict(std::span<const float> rows, std::vector<std::string_view>& labels) const;

private:
    struct Impl;
    explicit Model(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace nearline::prediction
