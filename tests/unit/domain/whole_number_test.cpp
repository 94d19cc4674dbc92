#include "domain/whole_number.hpp"

#include <cstdint>
#include <gtest/gtest.h>

namespace nearline {
namespace {

TEST(WholeNumber, HasDigitsAloneAndFits) {
    EXPECT_EQ(parse_whole_number<int>("-12"), -12);
    EXPECT_EQ(parse_whole_number<std::int64_t>("9223372036854775807"), 9'223'372'036'854'775'807);
    for (const char* bad : {"", "1.0", " 1", "1 ", "+1", "0x10", "99999999999", "one"})
        EXPECT_EQ(parse_whole_number<int>(bad), std::nullopt) << bad;
    EXPECT_EQ(parse_whole_number<std::size_t>("-1"), std::nullopt);
}

}  // namespace
}  // namespace nearline
