#include "auth/passwords.hpp"

#include <array>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sodium.h>

namespace nearline::auth {
namespace {

TEST(Passwords, AreHashedWithArgon2idAndASalt) {
    const std::string hash = hash_password("admin123");
    EXPECT_THAT(hash, ::testing::StartsWith("$argon2id$v=19$m=19456,t=2,p=1$"));
    EXPECT_NE(hash, hash_password("admin123"));
    EXPECT_TRUE(verify_password(hash, "admin123"));
    EXPECT_FALSE(verify_password(hash, "admin124"));
    EXPECT_FALSE(verify_password(hash, "admin12"));
    EXPECT_FALSE(verify_password(hash, ""));
    EXPECT_FALSE(needs_rehash(hash));
}

TEST(Passwords, AreComparedAsTheyAre) {
    const std::string with_nul("long enough\0 and more", 21);
    const std::string hash = hash_password(with_nul);
    EXPECT_TRUE(verify_password(hash, with_nul));
    EXPECT_FALSE(verify_password(hash, "long enough"));
}

TEST(Passwords, HashesOfOtherParametersStillVerifyAndAreRenewed) {
    ASSERT_GE(sodium_init(), 0);
    std::array<char, crypto_pwhash_STRBYTES> old{};
    ASSERT_EQ(0, crypto_pwhash_argon2id_str(old.data(), "admin123", 8, 1, 8192));
    EXPECT_TRUE(verify_password(old.data(), "admin123"));
    EXPECT_TRUE(needs_rehash(old.data()));
}

TEST(Passwords, WhatIsNoHashVerifiesNothing) {
    for (const char* const hash : {"", "admin123", "$argon2id$", "$2b$12$abc"}) {
        EXPECT_FALSE(verify_password(hash, "admin123")) << hash;
        EXPECT_TRUE(needs_rehash(hash)) << hash;
    }
}

TEST(Passwords, NobodysHashCostsTheSameAndFitsNothing) {
    EXPECT_EQ(&nobodys_hash(), &nobodys_hash());
    EXPECT_FALSE(needs_rehash(nobodys_hash()));
    EXPECT_FALSE(verify_password(nobodys_hash(), "admin123"));
    EXPECT_FALSE(verify_password(nobodys_hash(), ""));
}

TEST(Passwords, RulesForNewOnes) {
    const std::string name = "ann@example.com";
    EXPECT_FALSE(check_new_password("admin123", name));
    EXPECT_FALSE(check_new_password("        ", name)) << "no rules of composition";
    EXPECT_FALSE(check_new_password(std::string(1'024, 'x'), name));
    EXPECT_FALSE(
        check_new_password("\xF0\x9F\x8C\xB7\xF0\x9F\x8C\xB7\xF0\x9F\x8C\xB7\xF0\x9F\x8C\xB7"
                           "four",
                           name));
    EXPECT_TRUE(check_new_password("admin12", name));
    EXPECT_TRUE(check_new_password("", name));
    EXPECT_TRUE(check_new_password("\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4", name)) << "four characters in eight bytes";
    EXPECT_TRUE(check_new_password(std::string(1'025, 'x'), name));
    EXPECT_TRUE(check_new_password(std::string("long en\0ugh", 11), name));
    EXPECT_TRUE(check_new_password("long enough\n", name));
    EXPECT_TRUE(check_new_password("ANN@example.com", name));
}

}  // namespace
}  // namespace nearline::auth
