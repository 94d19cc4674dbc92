#include "cli/predict_input.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace nearline::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

class PredictInputTest : public testing::Test {
protected:
    PredictInputTest() {
        std::string pattern = (std::filesystem::temp_directory_path() / "predict.XXXXXX").string();
        folder_ = mkdtemp(pattern.data());
    }
    ~PredictInputTest() override { std::filesystem::remove_all(folder_); }
    std::string file(const std::string& text) {
        const auto path = (folder_ / "in.csv").string();
        std::ofstream(path) << text;
        return path;
    }
    std::filesystem::path folder_;
};

TEST_F(PredictInputTest, OneObservation) {
    PredictInput input({"a=1", "b=x"});
    const auto job = input.next();
    ASSERT_TRUE(job);
    EXPECT_EQ(job->body, R"({"a":1,"b":"x"})");
    EXPECT_EQ(job->line, 0);
    EXPECT_FALSE(input.next());
}

TEST_F(PredictInputTest, ManyOfAFile) {
    const std::string text = "a,id,b\n1,x,2\n\n3,\"y\nz\",4\n5,6\n";
    PredictInput input(file(text), {"id"});
    EXPECT_EQ(input.size(), text.size());
    const auto first = input.next();
    ASSERT_TRUE(first);
    EXPECT_EQ(first->body, R"({"a":1,"b":2})");
    EXPECT_THAT(first->carried, ElementsAre("x"));
    EXPECT_EQ(first->number, 0);
    EXPECT_EQ(first->line, 2);
    const auto second = input.next();
    ASSERT_TRUE(second);
    EXPECT_EQ(second->line, 4);
    EXPECT_THAT(second->carried, ElementsAre("y\nz"));
    const auto third = input.next();
    ASSERT_TRUE(third);
    EXPECT_EQ(third->number, 2);
    EXPECT_EQ(third->wrong, "has 2 fields, and the first line 3");
    EXPECT_FALSE(input.next());
    EXPECT_EQ(input.bytes_read(), text.size());
}

TEST_F(PredictInputTest, SaysWhyAFileCannotBeRead) {
    EXPECT_THAT([] { PredictInput("/nowhere.csv", {}); },
                ThrowsMessage<std::runtime_error>("/nowhere.csv: can't be read"));
    EXPECT_THAT([&] { PredictInput(folder_.string(), {}); },
                ThrowsMessage<std::runtime_error>(HasSubstr("is a folder")));
    EXPECT_THAT([&] { PredictInput(file(""), {}); }, ThrowsMessage<std::runtime_error>(HasSubstr("is empty")));
    EXPECT_THAT([&] { PredictInput(file("a\n1\n"), {"id"}); },
                ThrowsMessage<std::runtime_error>(HasSubstr("has no column \"id\"")));
}

TEST_F(PredictInputTest, SaysWhatSeparatesFieldsThatAreNotSeparatedByCommas) {
    EXPECT_THAT(
        [&] { PredictInput(file("a;b\n5,2;1\n"), {}); },
        ThrowsMessage<std::runtime_error>(HasSubstr("its fields are separated by \";\"; what is read here are")));
    EXPECT_THAT([&] { PredictInput(file("a\tb\n"), {"a"}); },
                ThrowsMessage<std::runtime_error>(HasSubstr("separated by tabs")));
    PredictInput(file("a;b,c\n"), {});
}

TEST_F(PredictInputTest, TakesNumbersInQuotesAndNamesWhatIsNone) {
    PredictInput input(file("\"a\",\"b\"\n\"5.2\", \"1\"\n\"5,2\",x\n"), {});
    const auto first = input.next();
    EXPECT_EQ(first->body, R"({"a":5.2,"b":1})");
    EXPECT_EQ(first->texts, "");
    EXPECT_EQ(input.next()->texts, R"(a "5,2", b "x")");
}

}  // namespace
}  // namespace nearline::cli
