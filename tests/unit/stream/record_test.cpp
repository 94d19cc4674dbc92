#include "stream/record.hpp"

#include <gtest/gtest.h>

namespace nearline::stream {
namespace {

TEST(FindHeader, GivesTheLastOneWithAValue) {
    Record record;
    record.headers = {{"a", "1"}, {"b", "2"}, {"a", "3"}, {"a", std::nullopt}};
    EXPECT_EQ(find_header(record, "a"), "3");
    EXPECT_EQ(find_header(record, "b"), "2");
    EXPECT_EQ(find_header(record, "A"), std::nullopt);
    EXPECT_EQ(find_header(record, ""), std::nullopt);
}

TEST(FindHeader, AnEmptyValueIsAValue) {
    Record record;
    record.headers = {{"a", ""}, {"b", std::nullopt}};
    EXPECT_EQ(find_header(record, "a"), "");
    EXPECT_EQ(find_header(record, "b"), std::nullopt);
}

}  // namespace
}  // namespace nearline::stream
