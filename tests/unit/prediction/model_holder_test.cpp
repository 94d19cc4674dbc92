#include "prediction/model_holder.hpp"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <thread>

#include "support/temp_dir.hpp"

namespace nearline::prediction {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

const std::string iris_file = "models/iris.onnx";
const std::string other_file = "tests/data/models/rounding.onnx";
const std::string bad_file = "tests/data/models/no_classes.onnx";

class ModelHolderTest : public testing::Test {
protected:
    const test::TempDir temp_;
    const fs::path folder_ = temp_.path();
    const std::string file_ = (folder_ / "model.onnx").string();
    Metrics metrics_;
    Health health_{metrics_};

    ModelHolderTest() { put(iris_file); }

    /// As train.py and a careful person do it.
    void put(const std::string& source) const {
        fs::copy_file(source, folder_ / "new", fs::copy_options::overwrite_existing);
        fs::rename(folder_ / "new", file_);
    }
    std::unique_ptr<ModelHolder> make(ModelHolder::Check check = {}) {
        return std::make_unique<ModelHolder>(ModelHolder::Options{.file = file_, .look_every = 5ms}, std::move(check),
                                             metrics_, health_);
    }
    double reloads(const char* result) {
        return metrics_.counter("nearline_model_reloads_total", "", {{"result", result}}).value();
    }
};

std::string version(const ModelHolder& holder) {
    return holder.current()->info().version;
}

TEST_F(ModelHolderTest, TakesAChangedFile) {
    const auto holder = make();
    EXPECT_EQ(version(*holder), "1.0.0");
    put(other_file);
    holder->look();
    EXPECT_EQ(version(*holder), "2.0.0");
    EXPECT_EQ(reloads("taken"), 1);
    const auto text = metrics_.exposition();
    EXPECT_THAT(text, HasSubstr("version=\"1.0.0\"} 0\n"));
    EXPECT_THAT(text, HasSubstr("version=\"2.0.0\"} 1\n"));
}

TEST_F(ModelHolderTest, WatchesByItself) {
    const auto holder = make();
    holder->start();
    put(other_file);
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    while (version(*holder) != "2.0.0" && std::chrono::steady_clock::now() < deadline) std::this_thread::sleep_for(1ms);
    EXPECT_EQ(version(*holder), "2.0.0");
    holder->stop();
}

TEST_F(ModelHolderTest, SeesAFileThatIsWrittenOver) {
    const auto holder = make();
    fs::copy_file(other_file, file_, fs::copy_options::overwrite_existing);
    holder->look();
    EXPECT_EQ(version(*holder), "2.0.0");
}

TEST_F(ModelHolderTest, SeesALinkAboveTheFileChange) {
    // As Kubernetes mounts a ConfigMap: model.onnx -> ..data/model.onnx, ..data -> ..2024_01_01
    fs::remove(file_);
    fs::create_directories(folder_ / "..first");
    fs::create_directories(folder_ / "..second");
    fs::copy_file(iris_file, folder_ / "..first" / "model.onnx");
    fs::copy_file(other_file, folder_ / "..second" / "model.onnx");
    fs::create_directory_symlink("..first", folder_ / "..data");
    fs::create_symlink("..data/model.onnx", file_);
    const auto holder = make();
    EXPECT_EQ(version(*holder), "1.0.0");
    fs::create_directory_symlink("..second", folder_ / "..data_tmp");
    fs::rename(folder_ / "..data_tmp", folder_ / "..data");
    holder->look();
    EXPECT_EQ(version(*holder), "2.0.0");
}

TEST_F(ModelHolderTest, ABadFileKeepsTheOldModelAndSaysSo) {
    const auto holder = make();
    health_.started();
    put(bad_file);
    holder->look();
    EXPECT_EQ(version(*holder), "1.0.0");
    EXPECT_EQ(reloads("refused"), 1);
    EXPECT_EQ(health_.readyz().status, 200) << "it can still answer";
    EXPECT_THAT(health_.readyz().body, HasSubstr("lacks version, classes"));
    EXPECT_THAT(health_.readyz().body, HasSubstr("version 1.0.0 goes on"));
    holder->look();
    EXPECT_EQ(reloads("refused"), 1) << "says it once";

    put(other_file);
    holder->look();
    EXPECT_EQ(version(*holder), "2.0.0");
    EXPECT_THAT(health_.readyz().body, Not(HasSubstr("model file")));
}

TEST_F(ModelHolderTest, TheOldFileComingBackEndsTheWarning) {
    const auto holder = make();
    const auto before = holder->current();
    put(bad_file);
    holder->look();
    put(iris_file);
    holder->look();
    EXPECT_EQ(holder->current(), before) << "the same bytes are the same model";
    EXPECT_EQ(reloads("taken"), 0);
    EXPECT_TRUE(health_.missing().empty());
}

TEST_F(ModelHolderTest, AMissingFileKeepsTheOldModel) {
    const auto holder = make();
    fs::remove(file_);
    holder->look();
    EXPECT_EQ(version(*holder), "1.0.0");
    EXPECT_THAT(health_.readyz().body, HasSubstr("No such file"));
    put(iris_file);
    holder->look();
    EXPECT_TRUE(health_.missing().empty());
}

TEST_F(ModelHolderTest, AHalfWrittenFileIsTakenWhenItIsWhole) {
    const auto holder = make();
    std::ifstream source(other_file, std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(source)), std::istreambuf_iterator<char>());
    std::ofstream target(file_, std::ios::binary | std::ios::trunc);
    target.write(bytes.data(), static_cast<std::streamsize>(bytes.size() / 2));
    target.flush();
    holder->look();
    EXPECT_EQ(version(*holder), "1.0.0");
    target.write(bytes.data() + bytes.size() / 2, static_cast<std::streamsize>(bytes.size() - bytes.size() / 2));
    target.close();
    holder->look();
    EXPECT_EQ(version(*holder), "2.0.0");
}

TEST_F(ModelHolderTest, ChecksWhetherAModelFits) {
    const auto no_version_two = [](const ModelInfo& info) { return info.version == "2.0.0" ? "not this one" : ""; };
    const auto holder = make(no_version_two);
    put(other_file);
    holder->look();
    EXPECT_EQ(version(*holder), "1.0.0");
    EXPECT_THAT(health_.readyz().body, HasSubstr("(iris 2.0.0): not this one"));
    EXPECT_THROW(make(no_version_two), BadModel) << "at start there is no old one";
}

TEST_F(ModelHolderTest, AnotherModelIsNotTaken) {
    const auto holder = make();
    put("tests/data/models/other_name.onnx");
    holder->look();
    EXPECT_EQ(version(*holder), "1.0.0");
    EXPECT_THAT(health_.readyz().body, HasSubstr("is the model tulip, but this service answers for iris"));
}

TEST_F(ModelHolderTest, ABatchStaysWithItsModel) {
    const auto holder = make();
    const auto pinned = holder->current();
    put(other_file);
    holder->look();
    std::vector<std::string_view> labels;
    pinned->predict(std::vector<float>{0.5F, 2.6F, 6.5F, 1.7F}, labels);
    EXPECT_EQ(labels.at(0), "virginica") << "the new model would say setosa";
    holder->current()->predict(std::vector<float>{0.5F, 2.6F, 6.5F, 1.7F}, labels);
    EXPECT_EQ(labels.at(0), "setosa");
}

}  // namespace
}  // namespace nearline::prediction
