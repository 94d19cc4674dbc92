#include "domain/uuid.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <set>

#include "domain/timed_uuid.hpp"

namespace nearline {
namespace {

TEST(Uuid, ParsesEitherCaseAndPrintsLower) {
    const auto id = Uuid::parse("AFE4E043-4d09-4bf9-9FE8-a6d030441221");
    ASSERT_TRUE(id);
    EXPECT_EQ(id->to_string(), "afe4e043-4d09-4bf9-9fe8-a6d030441221");
}

TEST(Uuid, RefusesOtherTexts) {
    for (const auto text : {"", "afe4e043", "afe4e0434d094bf99fe8a6d030441221", "{afe4e043-4d09-4bf9-9fe8-a6d03044122}",
                            "afe4e043-4d09-4bf9-9fe8-a6d03044122g", "afe4e043-4d09-4bf9-9fe8-a6d0304412211",
                            "afe4e043_4d09_4bf9_9fe8_a6d030441221"}) {
        EXPECT_FALSE(Uuid::parse(text)) << text;
    }
}

TEST(Uuid, RandomOnesAreVersion4AndDiffer) {
    std::set<Uuid> seen;
    for (int i = 0; i < 1000; ++i) seen.insert(Uuid::random());
    EXPECT_EQ(seen.size(), 1000u);
    for (const auto& id : seen) {
        EXPECT_EQ(id.bytes()[6] >> 4, 4);
        EXPECT_EQ(id.bytes()[8] >> 6, 2);
    }
}

// RFC 9562, appendix A.4: www.example.com in the DNS name space.
TEST(Uuid, NameBasedIsVersion5) {
    const auto dns = Uuid::parse("6ba7b810-9dad-11d1-80b4-00c04fd430c8").value();
    EXPECT_EQ(Uuid::name_based(dns, "www.example.com").to_string(), "2ed6657d-e927-568b-95e1-2665a8aea6a2");
}

TEST(Uuid, HashBasedIsVersion8AndKeepsPartsApart) {
    const auto id = Uuid::hash_based({"ab", "c"});
    EXPECT_EQ(id.bytes()[6] >> 4, 8);
    EXPECT_EQ(id.bytes()[8] >> 6, 2);
    EXPECT_EQ(id, Uuid::hash_based({"ab", "c"}));
    EXPECT_NE(id, Uuid::hash_based({"a", "bc"}));
    EXPECT_NE(id, Uuid::hash_based({"abc"}));
}

TEST(Uuid, TimedOnesSayWhen) {
    // RFC 9562, appendix A.6.
    const WallTime time(std::chrono::milliseconds(0x017F22E279B0));
    const auto id = timed_uuid(time, Uuid::parse("00000000-0000-0cc3-18c4-dc0c0c07398f")->bytes());
    EXPECT_EQ(id.to_string(), "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
    EXPECT_EQ(time_of(id), time);
    EXPECT_FALSE(time_of(Uuid::random()));
    EXPECT_FALSE(time_of(Uuid::hash_based({"a"})));
}

// FIPS 180-2, appendix B.1.
TEST(Sha256Hex, IsSha256) {
    EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

RC_GTEST_PROP(Uuid, ReadsBackTheSame, (const std::array<std::uint8_t, 16>& bytes)) {
    const Uuid id(bytes);
    RC_ASSERT(Uuid::parse(id.to_string()) == id);
}

}  // namespace
}  // namespace nearline
