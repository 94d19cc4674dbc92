#include "gateway/answer_keep.hpp"

#include <gtest/gtest.h>

namespace nearline::gateway {
namespace {

Uuid id_of(std::uint8_t n) {
    std::array<std::uint8_t, 16> bytes{};
    bytes[0] = n;
    return Uuid(bytes);
}

AnswerPtr answer(std::uint8_t n, std::string json = "{}", int status = 200) {
    Answer answer;
    answer.id = id_of(n);
    answer.status = status;
    answer.json = std::move(json);
    return std::make_shared<const Answer>(answer);
}

TEST(AnswerKeepTest, FindsWhatWasPut) {
    AnswerKeep keep(10, 1 << 20);
    keep.put(answer(1, "one"));
    keep.put(answer(2, "two"));
    EXPECT_EQ(keep.find(id_of(1))->json, "one");
    EXPECT_EQ(keep.find(id_of(2))->json, "two");
    EXPECT_FALSE(keep.find(id_of(3)));
}

TEST(AnswerKeepTest, TheOneNotAskedForTheLongestTimeGoes) {
    AnswerKeep keep(2, 1 << 20);
    keep.put(answer(1));
    keep.put(answer(2));
    keep.find(id_of(1));
    keep.put(answer(3));
    EXPECT_TRUE(keep.find(id_of(1)));
    EXPECT_FALSE(keep.find(id_of(2)));
    EXPECT_TRUE(keep.find(id_of(3)));
    EXPECT_EQ(keep.size(), 2U);
}

TEST(AnswerKeepTest, IsBoundedInBytes) {
    AnswerKeep keep(1'000, 100'000);
    for (std::uint8_t n = 0; n < 100; ++n) {
        keep.put(answer(n, std::string(10'000, 'x')));
        EXPECT_LE(keep.bytes(), 100'000U);
    }
    EXPECT_TRUE(keep.find(id_of(99)));
    EXPECT_LT(keep.size(), 10U);
    keep.put(answer(200, std::string(200'000, 'x')));
    EXPECT_EQ(keep.size(), 0U) << "larger than all of it";
    EXPECT_EQ(keep.bytes(), 0U);
}

TEST(AnswerKeepTest, APredictionReplacesAFailureOtherwiseTheFirstStays) {
    AnswerKeep keep(10, 1 << 20);
    keep.put(answer(1, "failed", 500));
    keep.put(answer(1, "failed again", 500));
    EXPECT_EQ(keep.find(id_of(1))->json, "failed");
    keep.put(answer(1, "first"));
    keep.put(answer(1, "second"));
    keep.put(answer(1, "failed late", 500));
    EXPECT_EQ(keep.find(id_of(1))->json, "first");
    EXPECT_EQ(keep.size(), 1U);
}

}  // namespace
}  // namespace nearline::gateway
