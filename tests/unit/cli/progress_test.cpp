#include "cli/progress.hpp"

#include <gtest/gtest.h>

namespace nearline::cli {
namespace {

TEST(Progress, ShowsHowFarItIs) {
    EXPECT_EQ(progress_line(0, 100, 0, 0), "[>                             ]   0 %  0 predicted");
    EXPECT_EQ(progress_line(50, 100, 7, 2), "[===============>              ]  50 %  5 predicted, 2 failed");
    EXPECT_EQ(progress_line(100, 100, 7, 0), "[==============================] 100 %  7 predicted");
    EXPECT_EQ(progress_line(120, 100, 7, 0), "[==============================] 100 %  7 predicted");
    EXPECT_EQ(progress_line(5, 0, 7, 0), "7 predicted");
}

TEST(Progress, SaysNothingWhereNobodyLooks) {
    testing::internal::CaptureStderr();
    {
        Progress progress(100);
        progress.update(50, 1, 0);
    }
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

}  // namespace
}  // namespace nearline::cli
