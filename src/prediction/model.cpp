#include "prediction/model.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <onnxruntime_cxx_api.h>
#include <optional>

#include "prediction/model_metadata.hpp"
#include "prediction/onnx_environment.hpp"

namespace nearline::prediction {
namespace {

constexpr std::string_view zipmap_hint =
    "export the model with zipmap=False (skl2onnx: options={id(model): {\"zipmap\": False}})";

std::string read_file(const std::string& path) {
    // Also keeps it from reading a device or a pipe for ever.
    if (std::error_code error; !std::filesystem::is_regular_file(path, error)) {
        throw BadModel("model file " + path + ": " + (error ? error.message() : "is no regular file"));
    }
    std::ifstream file(path, std::ios::binary);
    if (!file) throw BadModel("model file " + path + ": " + std::strerror(errno));
    std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    if (file.bad()) throw BadModel("model file " + path + ": could not be read to its end");
    if (bytes.empty()) throw BadModel("model file " + path + ": is empty");
    return bytes;
}

std::string shape_text(const std::vector<std::int64_t>& shape) {
    std::string text = "[";
    for (const auto size : shape) {
        if (text.size() > 1) text += ", ";
        text += size < 0 ? "None" : std::to_string(size);
    }
    return text + "]";
}

const char* type_text(ONNXTensorElementDataType type) {
    switch (type) {
        case ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT:
            return "float";
        case ONNX_TENSOR_ELEMENT_DATA_TYPE_DOUBLE:
            return "double";
        case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64:
            return "int64";
        case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32:
            return "int32";
        case ONNX_TENSOR_ELEMENT_DATA_TYPE_STRING:
            return "string";
        case ONNX_TENSOR_ELEMENT_DATA_TYPE_BOOL:
            return "bool";
        default:
            return "another type";
    }
}

/// One input or output as the file declares it.
struct Slot {
    std::string name;
    bool is_tensor = false;
    ONNXTensorElementDataType type = ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED;
    std::vector<std::int64_t> shape;

    Slot(std::string slot_name, const Ort::TypeInfo& info) : name(std::move(slot_name)) {
        is_tensor = info.GetONNXType() == ONNX_TYPE_TENSOR;
        if (!is_tensor) return;
        const auto tensor = info.GetTensorTypeAndShapeInfo();
        type = tensor.GetElementType();
        shape = tensor.GetShape();
    }
    std::string text() const {
        if (!is_tensor) return "\"" + name + "\" (no tensor)";
        return "\"" + name + "\" (tensor(" + type_text(type) + ") of shape " + shape_text(shape) + ")";
    }
};

std::string list(const std::vector<Slot>& slots) {
    std::string text;
    for (const auto& slot : slots) text += (text.empty() ? "" : ", ") + slot.text();
    return text;
}

std::string check_input(const std::vector<Slot>& inputs, std::size_t features) {
    const auto count = static_cast<std::int64_t>(features);
    const auto wanted = "one input is needed, tensor(float) of shape " + shape_text({-1, count});
    if (inputs.size() != 1) {
        throw BadModel("it has " + std::to_string(inputs.size()) + " inputs (" + list(inputs) + "); " + wanted);
    }
    const auto& input = inputs.front();
    if (!input.is_tensor || input.type != ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT || input.shape.size() != 2) {
        throw BadModel("its input is " + input.text() + "; " + wanted);
    }
    if (input.shape[0] >= 0) {
        throw BadModel("its input is " + input.text() + ", which fixes the size of a batch; " + wanted);
    }
    if (input.shape[1] >= 0 && input.shape[1] != count) {
        throw BadModel("its input is " + input.text() + ", but metadata \"feature_names\" has " +
                       std::to_string(features) + " names");
    }
    return input.name;
}

const Slot& find_label(const std::vector<Slot>& outputs) {
    for (const auto& output : outputs) {
        if (!output.is_tensor) {
            throw BadModel("its output \"" + output.name + "\" is a sequence or a map: " + std::string(zipmap_hint));
        }
    }
    const auto label = std::find_if(outputs.begin(), outputs.end(), [](const Slot& output) {
        return output.shape.size() == 1 && (output.type == ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64 ||
                                            output.type == ONNX_TENSOR_ELEMENT_DATA_TYPE_STRING);
    });
    if (label == outputs.end()) {
        throw BadModel(
            "none of its outputs is a label for each row, tensor(int64) or tensor(string) of shape [None]: " +
            list(outputs));
    }
    return *label;
}

/// The number of classes, where the file has probabilities that tell.
std::optional<std::int64_t> count_classes(const std::vector<Slot>& outputs) {
    for (const auto& output : outputs) {
        if (output.type == ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT && output.shape.size() == 2 && output.shape[1] > 0) {
            return output.shape[1];
        }
    }
    return std::nullopt;
}

}  // namespace

struct Model::Impl {
    Ort::AllocatorWithDefaultOptions allocator;
    Ort::MemoryInfo memory = Ort::MemoryInfo::CreateCpu(OrtDeviceAllocator, OrtMemTypeDefault);
    ModelInfo info;
    Ort::Session session;
    std::string input;
    std::string label;
    bool label_is_text = false;

    explicit Impl(std::string_view bytes) : session(open(bytes)) {
        // First what only a new export can mend.
        const auto outputs = output_slots();
        const auto& found = find_label(outputs);
        label = found.name;
        label_is_text = found.type == ONNX_TENSOR_ELEMENT_DATA_TYPE_STRING;
        const auto metadata = session.GetModelMetadata();
        info = read_metadata([&](const char* key) -> std::optional<std::string> {
            const auto text = metadata.LookupCustomMetadataMapAllocated(key, allocator);
            if (!text) return std::nullopt;
            return std::string(text.get());
        });
        info.sha256 = sha256_hex(bytes);
        info.id = Uuid::name_based(model_name_space, info.sha256);
        input = check_input(input_slots(), info.feature_names.size());
        check_classes(outputs);
        check_answer();
    }

    static Ort::Session open(std::string_view bytes) {
        try {
            return Ort::Session(onnx_environment(), bytes.data(), bytes.size(), onnx_session_options());
        } catch (const Ort::Exception& error) {
            throw BadModel(std::string("ONNX Runtime can't load it: ") + error.what());
        }
    }

    std::vector<Slot> input_slots() const {
        std::vector<Slot> slots;
        for (std::size_t i = 0; i < session.GetInputCount(); ++i) {
            slots.emplace_back(session.GetInputNameAllocated(i, allocator).get(), session.GetInputTypeInfo(i));
        }
        return slots;
    }

    std::vector<Slot> output_slots() const {
        std::vector<Slot> slots;
        for (std::size_t i = 0; i < session.GetOutputCount(); ++i) {
            slots.emplace_back(session.GetOutputNameAllocated(i, allocator).get(), session.GetOutputTypeInfo(i));
        }
        return slots;
    }

    void check_classes(const std::vector<Slot>& outputs) const {
        const auto classes = count_classes(outputs);
        if (classes && *classes != static_cast<std::int64_t>(info.classes.size())) {
            throw BadModel("it has probabilities for " + std::to_string(*classes) +
                           " classes, but metadata \"classes\" has " + std::to_string(info.classes.size()) + " names");
        }
    }

    /// Types and shapes are promises; this is the proof: two rows give two labels that it knows.
    void check_answer() const {
        const std::vector<float> rows(2 * info.feature_names.size(), 1.0F);
        std::vector<std::string_view> labels;
        try {
            predict(rows, labels);
        } catch (const std::exception& error) {
            throw BadModel(std::string("it can't answer a trial of two rows: ") + error.what());
        }
    }

    void predict(std::span<const float> rows, std::vector<std::string_view>& labels) const {
        const auto columns = info.feature_names.size();
        const std::array<std::int64_t, 2> shape{static_cast<std::int64_t>(rows.size() / columns),
                                                static_cast<std::int64_t>(columns)};
        // ONNX Runtime reads inputs only, but takes a pointer to what it could write.
        auto* data = const_cast<float*>(rows.data());
        const auto tensor = Ort::Value::CreateTensor<float>(memory, data, rows.size(), shape.data(), shape.size());
        const char* const input_name = input.c_str();
        const char* const output_name = label.c_str();
        // Run() is safe for several threads at a time, and not const only in the C++ wrapper.
        auto& runner = const_cast<Ort::Session&>(session);
        const auto outputs = runner.Run(Ort::RunOptions{nullptr}, &input_name, &tensor, 1, &output_name, 1);
        read_labels(outputs.front(), rows.size() / columns, labels);
    }

    void read_labels(const Ort::Value& output, std::size_t rows, std::vector<std::string_view>& labels) const {
        const auto count = output.GetTensorTypeAndShapeInfo().GetElementCount();
        if (count != rows) {
            throw std::runtime_error("the model gave " + std::to_string(count) + " labels for " + std::to_string(rows) +
                                     " rows");
        }
        labels.clear();
        labels.reserve(rows);
        if (label_is_text) {
            for (std::size_t i = 0; i < rows; ++i) labels.push_back(class_named(output.GetStringTensorElement(i)));
            return;
        }
        const auto* indices = output.GetTensorData<std::int64_t>();
        for (std::size_t i = 0; i < rows; ++i) {
            if (indices[i] < 0 || indices[i] >= static_cast<std::int64_t>(info.classes.size())) {
                throw std::runtime_error("the model answered class " + std::to_string(indices[i]) + " of " +
                                         std::to_string(info.classes.size()));
            }
            labels.push_back(info.classes[static_cast<std::size_t>(indices[i])]);
        }
    }

    std::string_view class_named(const std::string& name) const {
        const auto found = std::find(info.classes.begin(), info.classes.end(), name);
        if (found == info.classes.end()) {
            throw std::runtime_error("the model answered \"" + name + "\", which metadata \"classes\" does not list");
        }
        return *found;
    }
};

Model::Model(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Model::~Model() = default;

std::shared_ptr<const Model> Model::load(const std::string& file) {
    return from_bytes(read_file(file), file);
}

std::shared_ptr<const Model> Model::from_bytes(std::string_view bytes, const std::string& name) {
    try {
        return std::shared_ptr<const Model>(new Model(std::make_unique<Impl>(bytes)));
    } catch (const BadModel& bad) {
        throw BadModel("model file " + name + ": " + bad.what());
    } catch (const Ort::Exception& error) {
        throw BadModel("model file " + name + ": " + error.what());
    }
}

const ModelInfo& Model::info() const noexcept {
    return impl_->info;
}

void Model::predict(std::span<const float> rows, std::vector<std::string_view>& labels) const {
    labels.clear();
    if (rows.empty()) return;
    impl_->predict(rows, labels);
}

}  // namespace nearline::prediction
