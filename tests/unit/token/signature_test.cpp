#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <string>

#include "token/base64url.hpp"
#include "token/hmac.hpp"
#include "token/jwt.hpp"
#include "token/location_signer.hpp"

namespace nearline::token {
namespace {

std::string hex(std::string_view bytes) {
    std::string text;
    for (const char byte : bytes) {
        constexpr std::string_view digits = "0123456789abcdef";
        text += digits[static_cast<unsigned char>(byte) >> 4];
        text += digits[static_cast<unsigned char>(byte) & 15];
    }
    return text;
}

TEST(Base64Url, KnowsTheVectorsOfTheRfc) {
    // RFC 4648, 10, without padding; RFC 7515, appendix C.
    EXPECT_EQ(base64url_encode(""), "");
    EXPECT_EQ(base64url_encode("f"), "Zg");
    EXPECT_EQ(base64url_encode("fo"), "Zm8");
    EXPECT_EQ(base64url_encode("foo"), "Zm9v");
    EXPECT_EQ(base64url_encode("foobar"), "Zm9vYmFy");
    EXPECT_EQ(base64url_encode("\x03\xec\xff\xe0\xc1"), "A-z_4ME");
}

RC_GTEST_PROP(Base64UrlProperty, ReadsBackWhatItWrote, (const std::string& bytes)) {
    RC_ASSERT(base64url_decode(base64url_encode(bytes)) == bytes);
}

RC_GTEST_PROP(Base64UrlProperty, HasOneSpellingForEveryValue, ()) {
    const auto text = *rc::gen::container<std::string>(rc::gen::elementOf(std::string("AQgwBCz019-_=")));
    const auto bytes = base64url_decode(text);
    // RC_ASSERT's || looks at both sides.
    if (bytes) RC_ASSERT(base64url_encode(*bytes) == text);
}

TEST(Base64Url, IsStrict) {
    for (const auto* text : {"Zg==", "Zg=", "Zh", "Zm9", "Z", "Zm9v\n", " Zm9v", "Zm+v", "Zm/v", "A"})
        EXPECT_FALSE(base64url_decode(text)) << text;
}

TEST(Hmac, KnowsTheVectorsOfRfc4231) {
    const HmacSha256 first(std::string(20, '\x0b'));
    const std::string expected = "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7";
    // Twice: a context that was used must start anew.
    EXPECT_EQ(hex(as_text(first.sign("Hi There"))), expected);
    EXPECT_EQ(hex(as_text(first.sign("Hi There"))), expected);
    EXPECT_EQ(hex(as_text(HmacSha256("Jefe").sign("what do ya want for nothing?"))),
              "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    EXPECT_EQ(hex(as_text(
                  HmacSha256(std::string(131, '\xaa')).sign("Test Using Larger Than Block-Size Key - Hash Key First"))),
              "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(DeriveKey, KnowsTheVectorOfRfc5869) {
    // Test case 3: no salt, no info; the first 32 of its 42 bytes.
    EXPECT_EQ(hex(derive_key(std::string(22, '\x0b'), "")),
              "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d");
    EXPECT_NE(derive_key("secret", "a"), derive_key("secret", "b"));
}

const std::string secret = "0123456789abcdef0123456789abcdef";

RC_GTEST_PROP(LocationSignerProperty, ReadsBackWhatItSigned, (std::int64_t micros)) {
    const Ticket ticket{Uuid::random(), Uuid::random(), WallTime(std::chrono::microseconds(micros))};
    const auto text = LocationSigner(secret).sign(ticket);
    RC_ASSERT(LocationSigner(secret).verify(text) == ticket);
    RC_ASSERT(base64url_decode(text).has_value());
}

TEST(LocationSigner, RefusesWhatItDidNotSign) {
    const LocationSigner signer(secret);
    const Ticket ticket{Uuid::random(), Uuid::random(), WallTime(std::chrono::microseconds(1669072743000000))};
    const auto text = signer.sign(ticket);
    for (std::size_t i = 0; i < text.size(); ++i) {
        auto changed = text;
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        EXPECT_FALSE(signer.verify(changed)) << i;
        EXPECT_FALSE(signer.verify(text.substr(0, i)));
    }
    EXPECT_FALSE(signer.verify(text + "A"));
    EXPECT_FALSE(LocationSigner(std::string(32, 'x')).verify(text));
    EXPECT_FALSE(signer.verify("afe4e043-4d09-4bf9-9fe8-a6d030441221"));
}

TEST(LocationSigner, HasAKeyOfItsOwn) {
    // What signs a token with the shared secret itself can't make a Location.
    const Ticket ticket{Uuid::random(), Uuid::random(), WallTime()};
    const auto bytes = *base64url_decode(LocationSigner(secret).sign(ticket));
    const auto message = std::string_view(bytes).substr(0, bytes.size() - 32);
    EXPECT_FALSE(HmacSha256(secret).verify(message, std::string_view(bytes).substr(message.size())));
}

}  // namespace
}  // namespace nearline::token
