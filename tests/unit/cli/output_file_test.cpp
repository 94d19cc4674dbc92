#include "cli/output_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <iterator>
#include <sys/stat.h>

#include "support/temp_dir.hpp"

namespace nearline::cli {
namespace {

namespace fs = std::filesystem;

std::string text_of(const std::string& file) {
    std::ifstream in(file);
    return {std::istreambuf_iterator<char>(in), {}};
}

class OutputFileTest : public testing::Test {
protected:
    test::TempDir dir_;
    std::string name_ = dir_ / "out.csv";
};

TEST_F(OutputFileTest, HasItsNameOnlyWhenItIsWhole) {
    OutputFile file(name_);
    file.stream() << "all";
    EXPECT_FALSE(fs::exists(name_));
    file.finish();
    EXPECT_EQ(text_of(name_), "all");
    EXPECT_FALSE(fs::exists(name_ + ".partial"));
}

TEST_F(OutputFileTest, StaysPartialWhenItIsLeft) {
    std::ofstream(name_) << "before";
    {
        OutputFile file(name_);
        file.stream() << "half";
    }
    EXPECT_EQ(text_of(name_), "before");
    EXPECT_EQ(text_of(name_ + ".partial"), "half");
    EXPECT_EQ(OutputFile(name_).leave(), "");
    EXPECT_FALSE(fs::exists(name_ + ".partial")) << "nothing was written";
}

TEST_F(OutputFileTest, ALinkStaysOneAndRightsStayWhatTheyWere) {
    std::ofstream(name_) << "before";
    fs::permissions(name_, fs::perms::owner_read | fs::perms::owner_write);
    const auto link = dir_ / "link.csv";
    fs::create_symlink(name_, link);
    OutputFile file(link);
    file.stream() << "all";
    file.finish();
    EXPECT_TRUE(fs::is_symlink(link));
    EXPECT_EQ(text_of(name_), "all");
    EXPECT_EQ(fs::status(name_).permissions(), fs::perms::owner_read | fs::perms::owner_write);
}

TEST_F(OutputFileTest, DevicesAreWrittenToAsTheyAre) {
    OutputFile file("/dev/null");
    file.stream() << "all";
    file.finish();
    EXPECT_TRUE(fs::is_character_file("/dev/null"));
    EXPECT_FALSE(fs::exists("/dev/null.partial"));
}

TEST_F(OutputFileTest, SaysWhatCanNotBeWritten) {
    EXPECT_THAT([] { OutputFile("/nowhere/out"); },
                testing::ThrowsMessage<std::runtime_error>("/nowhere/out.partial: can't be written"));
    EXPECT_THAT([&] { OutputFile(dir_ / "."); },
                testing::ThrowsMessage<std::runtime_error>(testing::HasSubstr("is a folder")));
}

}  // namespace
}  // namespace nearline::cli
