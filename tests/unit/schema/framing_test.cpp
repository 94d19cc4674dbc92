#include "schema/framing.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace nearline::schema {
namespace {

using namespace std::string_literals;

TEST(Framing, IsAZeroByteTheIdBigEndianAndThePayload) {
    EXPECT_EQ(frame(0x01020304, "{}"), "\x00\x01\x02\x03\x04{}"s);
}

TEST(Framing, ReadsBackEveryIdAndPayload) {
    EXPECT_TRUE(rc::check([](std::int32_t id, const std::string& payload) {
        const auto value = frame(id, payload);
        const auto read = unframe(value);
        RC_ASSERT(read.has_value());
        RC_ASSERT(read->schema_id == id);
        RC_ASSERT(read->payload == payload);
    }));
}

TEST(Framing, AnEmptyPayloadIsStillAFrame) {
    const auto read = unframe("\x00\x00\x00\x00\x07"s);
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(read->schema_id, 7);
    EXPECT_EQ(read->payload, "");
}

TEST(Framing, RefusesWhatIsTooShortOrHasAnotherFirstByte) {
    EXPECT_FALSE(unframe(""));
    EXPECT_FALSE(unframe("\x00\x00\x00\x01"s));
    EXPECT_FALSE(unframe("\x01\x00\x00\x00\x01{}"s));
    EXPECT_FALSE(unframe(R"({"sepal_length":1})"));
}

}  // namespace
}  // namespace nearline::schema
