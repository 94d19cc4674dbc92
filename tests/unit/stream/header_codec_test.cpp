#include "stream/embedded/header_codec.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace nearline::stream::embedded {
namespace {

using namespace std::string_literals;

TEST(HeaderCodec, WritesWhatItSays) {
    EXPECT_EQ(encode_headers({}), "");
    EXPECT_EQ(encode_headers({{"a", "xy"}, {"b", std::nullopt}, {"", ""}}),
              "\x03\x01"s
              "a\x03"
              "xy\x01"s
              "b\x00\x00\x01"s);
}

TEST(HeaderCodec, LongOnesHaveLongNumbers) {
    const std::vector<Header> headers(200, Header{std::string(300, 'k'), std::string(100'000, 'v')});
    EXPECT_EQ(decode_headers(encode_headers(headers)), headers);
}

TEST(HeaderCodec, RefusesBrokenBytes) {
    const std::string good = encode_headers({{"request-id", "1"}, {"user", std::nullopt}});
    for (std::size_t size = 1; size < good.size(); ++size)
        EXPECT_EQ(decode_headers(good.substr(0, size)), std::nullopt);
    EXPECT_EQ(decode_headers(good + "x"), std::nullopt);
    EXPECT_EQ(decode_headers("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), std::nullopt) << "a count of 2^64 - 1";
    EXPECT_EQ(decode_headers(std::string(20, '\xff')), std::nullopt);
}

RC_GTEST_PROP(HeaderCodecProperty, ReadsBackWhatItWrote, ()) {
    const auto pairs = *rc::gen::arbitrary<std::vector<std::pair<std::string, rc::Maybe<std::string>>>>();
    std::vector<Header> headers;
    for (const auto& [key, value] : pairs) {
        headers.push_back({key, value ? std::optional<std::string>(*value) : std::nullopt});
    }
    RC_ASSERT(decode_headers(encode_headers(headers)) == headers);
}

RC_GTEST_PROP(HeaderCodecProperty, TakesAnyBytesWithoutHarm, (const std::string& bytes)) {
    const auto headers = decode_headers(bytes);
    if (headers && !headers->empty()) RC_ASSERT(headers->size() <= bytes.size() / 2);
}

}  // namespace
}  // namespace nearline::stream::embedded
