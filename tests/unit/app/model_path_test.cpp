#include "app/model_path.hpp"

#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/process.hpp"
#include "temporary_folder.hpp"

namespace nearline::app {
namespace {

class ModelPath : public testing::Test {
protected:
    ModelPath() {
        before_ = std::filesystem::current_path();
        std::filesystem::create_directories(folder_.path("here"));
        std::filesystem::current_path(folder_.path("here"));
    }
    ~ModelPath() override { std::filesystem::current_path(before_); }
    void make(const std::string& name) const {
        const std::filesystem::path path = folder_.path(name);
        std::filesystem::create_directories(path.parent_path());
        std::ofstream(path) << "x";
    }
    TemporaryFolder folder_;
    std::filesystem::path before_;
};

TEST_F(ModelPath, TheOneGivenIsTaken) {
    EXPECT_EQ(find_model("/x/y.onnx", "/bin/nearline"), "/x/y.onnx");
}

TEST_F(ModelPath, ElseTheNearestThereIs) {
    const std::filesystem::path installed = folder_.path("usr/bin/nearline");
    const std::filesystem::path built = folder_.path("repo/build/release/bin/nearline");
    make("usr/share/nearline/models/iris.onnx");
    make("repo/models/iris.onnx");
    EXPECT_EQ(find_model({}, installed), folder_.path("usr/share/nearline/models/iris.onnx"));
    EXPECT_EQ(find_model({}, built), folder_.path("repo/models/iris.onnx"));
    make("here/models/iris.onnx");
    EXPECT_EQ(find_model({}, installed), "models/iris.onnx");
}

TEST_F(ModelPath, ElseItSaysWhereItLooked) {
    EXPECT_THAT([] { find_model({}, "/opt/bin/nearline"); },
                testing::ThrowsMessage<ConfigurationError>(
                    testing::HasSubstr("models/iris.onnx, /opt/share/nearline/models/iris.onnx, /models/iris.onnx")));
}

TEST_F(ModelPath, IsShownAsAPersonWouldTypeIt) {
    EXPECT_EQ(near_path(folder_.path("here/build/bin/nearline")), "build/bin/nearline");
    EXPECT_EQ(near_path(folder_.path("elsewhere/nearline")), folder_.path("elsewhere/nearline"));
}

TEST_F(ModelPath, TheProgramKnowsItself) {
    EXPECT_EQ(this_executable().filename(), "test_app_nearline");
}

}  // namespace
}  // namespace nearline::app
