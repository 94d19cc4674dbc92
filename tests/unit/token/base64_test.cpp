#include <gtest/gtest.h>

#include "token/base64url.hpp"

namespace nearline::token {
namespace {

TEST(Base64, IsRfc4648s) {
    EXPECT_EQ(base64_encode(""), "");
    EXPECT_EQ(base64_encode("f"), "Zg==");
    EXPECT_EQ(base64_encode("fo"), "Zm8=");
    EXPECT_EQ(base64_encode("foo"), "Zm9v");
    EXPECT_EQ(base64_encode("foob"), "Zm9vYg==");
    EXPECT_EQ(base64_encode("\xFB\xFF\xFE"), "+//+");
}

}  // namespace
}  // namespace nearline::token
