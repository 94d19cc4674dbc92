#include "domain/time.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace nearline {
namespace {

TEST(CreatedAt, HasMicroseconds) {
    const WallTime time{std::chrono::microseconds(1'672'272'431'830'677)};
    EXPECT_EQ(to_created_at(time), "2022-12-29 00:07:11.830677");
    EXPECT_EQ(to_created_at(WallTime{}), "1970-01-01 00:00:00.000000");
}

TEST(CreatedAt, RefusesOtherTexts) {
    for (const auto text : {"", "2022-12-29", "2022-12-29T00:07:11.830677", "2022-13-29 00:07:11.830677",
                            "2022-02-30 00:07:11.830677", "2022-12-29 24:07:11.830677", "2022-12-29 00:07:11.83067x",
                            "2022-12-29 00:07:11.8306777", "0000-01-01 00:00:00.000000"}) {
        EXPECT_FALSE(parse_created_at(text)) << text;
    }
}

RC_GTEST_PROP(CreatedAt, ReadsBackTheSame, ()) {
    const auto count = *rc::gen::inRange<std::int64_t>(-1'000'000'000'000'000, 4'000'000'000'000'000);
    const WallTime time{std::chrono::microseconds(count)};
    RC_ASSERT(parse_created_at(to_created_at(time)) == time);
}

}  // namespace
}  // namespace nearline
