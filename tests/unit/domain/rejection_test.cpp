#include "domain/rejection.hpp"

#include <gtest/gtest.h>

namespace nearline {
namespace {

TEST(Shortened, KeepsUtf8Whole) {
    Rejection reason;
    reason.message = std::string(999, 'x') + "ü and more";
    EXPECT_EQ(shortened(reason).message, std::string(999, 'x') + " …");
    reason.message = std::string(1'000, 'x');
    EXPECT_EQ(shortened(reason).message, reason.message);
}

}  // namespace
}  // namespace nearline
