#include "prediction/model.hpp"

#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <thread>
#include <vector>

#include "support/temp_dir.hpp"

namespace nearline::prediction {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* iris_file = "models/iris.onnx";

std::string test_file(const std::string& name) {
    return "tests/data/models/" + name + ".onnx";
}

std::vector<std::string_view> ask(const Model& model, const std::vector<float>& rows) {
    std::vector<std::string_view> labels;
    model.predict(rows, labels);
    return labels;
}

std::string why_bad(const std::string& file) {
    try {
        Model::load(file);
    } catch (const BadModel& bad) {
        return bad.what();
    }
    return "";
}

TEST(Model, SaysWhatItIs) {
    const auto model = Model::load(iris_file);
    const auto& info = model->info();
    EXPECT_EQ(info.name, "iris");
    EXPECT_EQ(info.version, "1.0.0");
    EXPECT_EQ(info.model_type, "LogisticRegressionModel");
    EXPECT_THAT(info.feature_names, ElementsAre("sepal_length", "sepal_width", "petal_length", "petal_width"));
    EXPECT_THAT(info.classes, ElementsAre("setosa", "versicolor", "virginica"));
}

TEST(Model, HasTheIdOfItsBytes) {
    std::ifstream file(iris_file, std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    const auto model = Model::load(iris_file);
    EXPECT_EQ(model->info().sha256, sha256_hex(bytes));
    EXPECT_EQ(model->info().id, Uuid::name_based(model_name_space, sha256_hex(bytes)));
    EXPECT_EQ(Model::from_bytes(bytes, "a copy")->info().id, model->info().id);
    EXPECT_NE(Model::load(test_file("rounding"))->info().id, model->info().id);
}

TEST(Model, AnswersABatchInTheOrderOfItsRows) {
    const auto model = Model::load(iris_file);
    EXPECT_THAT(ask(*model, {5.2F, 3.6F, 1.5F, 0.3F,    //
                             0.5F, 2.6F, 6.5F, 1.7F,    //
                             20.5F, 2.6F, 6.5F, 1.7F,   //
                             2.0F, 1.4F, 0.6F, 1.9F}),  //
                ElementsAre("setosa", "virginica", "versicolor", "setosa"));
    EXPECT_THAT(ask(*model, {0.5F, 2.6F, 6.5F, 1.7F}), ElementsAre("virginica"));
    EXPECT_TRUE(ask(*model, {}).empty());
}

TEST(Model, AnswersTextLabels) {
    const auto model = Model::load(test_file("text_labels"));
    EXPECT_THAT(ask(*model, {5.2F, 3.6F, 1.5F, 0.3F, 0.5F, 2.6F, 6.5F, 1.7F}), ElementsAre("setosa", "virginica"));
}

TEST(Model, TellsALabelThatIsNoneOfItsClasses) {
    const auto model = Model::load(test_file("rounding"));
    EXPECT_THAT(ask(*model, {2.5F, 0, 0, 0, 0, 9, 9, 9}), ElementsAre("virginica", "setosa"));
    EXPECT_THROW(ask(*model, {3.0F, 0, 0, 0}), std::runtime_error);
    EXPECT_THROW(ask(*model, {-1.0F, 0, 0, 0}), std::runtime_error);
}

TEST(Model, AnswersSeveralThreadsAtOnce) {
    const auto model = Model::load(iris_file);
    std::vector<std::thread> threads;
    std::atomic<int> wrong{0};
    for (int thread = 0; thread < 4; ++thread) {
        threads.emplace_back([&] {
            for (int i = 0; i < 200; ++i) {
                if (ask(*model, {0.5F, 2.6F, 6.5F, 1.7F}).front() != "virginica") ++wrong;
            }
        });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(wrong, 0);
}

struct BadFile {
    std::string name;
    std::string reason;
};

class BadModelFile : public testing::TestWithParam<BadFile> {};

TEST_P(BadModelFile, IsRefusedWithItsReason) {
    const auto reason = why_bad(test_file(GetParam().name));
    EXPECT_THAT(reason, HasSubstr(GetParam().reason));
    EXPECT_THAT(reason, HasSubstr(GetParam().name + ".onnx")) << "names the file";
}

INSTANTIATE_TEST_SUITE_P(
    , BadModelFile,
    testing::Values(BadFile{"no_metadata", "lacks name, version, model_type, feature_names, classes; set them with"},
                    BadFile{"no_classes", "lacks version, classes;"},
                    BadFile{"feature_names_no_json", "metadata \"feature_names\" is no JSON array of names"},
                    BadFile{"feature_names_no_array", "metadata \"feature_names\" is no JSON array of names"},
                    BadFile{"feature_names_numbers", "has an element that is no name"},
                    BadFile{"feature_names_twice", "has a name twice"},
                    BadFile{"feature_names_three", "of shape [None, 4]), but metadata \"feature_names\" has 3 names"},
                    BadFile{"classes_one", "metadata \"classes\" has 1 names; at least 2"},
                    BadFile{"classes_four", "probabilities for 3 classes, but metadata \"classes\" has 4 names"},
                    BadFile{"classes_unknown_text", "which metadata \"classes\" does not list"},
                    BadFile{"zipmap", "zipmap=False"},
                    BadFile{
                        "input_double",
                        "tensor(double) of shape [None, 4]); one input is needed, tensor(float) of shape [None, 4]"},
                    BadFile{"input_fixed_batch", "fixes the size of a batch"}, BadFile{"inputs_two", "it has 2 inputs"},
                    BadFile{"no_label", "none of its outputs is a label"},
                    BadFile{"one_answer_for_all_rows", "gave 1 labels for 2 rows"}),
    [](const auto& one) { return one.param.name; });

TEST(Model, RefusesWhatIsNoModelFile) {
    const test::TempDir folder;
    const auto file = folder / "model.onnx";
    EXPECT_THAT(why_bad(file), HasSubstr("No such file")) << "missing";
    EXPECT_THAT(why_bad(folder.path().string()), HasSubstr("is no regular file"));
    EXPECT_THAT(why_bad("/dev/zero"), HasSubstr("is no regular file"));
    std::ofstream(file).close();
    EXPECT_THAT(why_bad(file), HasSubstr("is empty"));
    std::ofstream(file) << "hello";
    EXPECT_THAT(why_bad(file), HasSubstr("ONNX Runtime can't load it"));
    std::filesystem::copy_file(iris_file, file, std::filesystem::copy_options::overwrite_existing);
    std::filesystem::resize_file(file, std::filesystem::file_size(file) / 2);
    EXPECT_FALSE(why_bad(file).empty()) << "half of a file";
}

}  // namespace
}  // namespace nearline::prediction
