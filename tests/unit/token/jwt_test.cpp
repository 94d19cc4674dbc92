#include "token/jwt.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <string>
#include <thread>
#include <vector>

#include "token/base64url.hpp"
#include "token/hmac.hpp"

namespace nearline::token {
namespace {

using ::testing::HasSubstr;

const std::string secret = "0123456789abcdef0123456789abcdef";
constexpr std::int64_t issued = 1669072743;
constexpr std::int64_t expires = 1669159143;
constexpr std::string_view user_id = "afe4e043-4d09-4bf9-9fe8-a6d030441221";

const std::string payload_part =
    "eyJ1c2VybmFtZSI6InRoZW9kb25kcmVAZ21haWwuY29tIiwiZXhwIjoxNjY5MTU5MTQzLCJpYXQiOjE2NjkwNzI3NDMsImFkbWluIjp0cnVlLCJz"
    "dWIiOiJhZmU0ZTA0My00ZDA5LTRiZjktOWZlOC1hNmQwMzA0NDEyMjEifQ";
// Both made by PyJWT 2.15.1; with sort_headers=False and headers={"typ":"JWT","alg":"HS256"} the second.
const std::string pyjwt_token =
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9." + payload_part + ".YVjtyzXODkFD6KHPvH52xhH7k2WxAcpCBka-_1Urs-I";
const std::string pyjwt_token_our_order =
    "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9." + payload_part + ".um5DUIk3G6atOuBlt7tzv9J-tbN0EEM-xcWj4tDQIkA";

Claims example() {
    return {"theodondre@gmail.com", expires, issued, true, *Uuid::parse(user_id)};
}

/// A token with these parts and a genuine signature.
std::string make(const std::string& header, const std::string& payload, const std::string& key = secret) {
    const auto text = base64url_encode(header) + "." + base64url_encode(payload);
    return text + "." + base64url_encode(as_text(HmacSha256(key).sign(text)));
}

const std::string good_header = R"({"typ":"JWT","alg":"HS256"})";
const std::string good_payload =
    R"({"username":"a@b.org","exp":1669159143,"iat":1669072743,"admin":false,"sub":"afe4e043-4d09-4bf9-9fe8-a6d030441221"})";

/// The detail of the 401, or "accepted".
std::string refusal(const std::string& token, std::int64_t now = issued + 10) {
    const auto claims = Jwt(secret).verify(token, now);
    if (claims) return "accepted";
    EXPECT_EQ(claims.error().status, 401);
    EXPECT_THAT(claims.error().www_authenticate, HasSubstr("Bearer"));
    return claims.error().detail;
}

TEST(Jwt, SignsWhatPyJwtSigns) {
    EXPECT_EQ(Jwt(secret).sign(example()), pyjwt_token_our_order);
}

TEST(Jwt, VerifiesWhatPyJwtSigned) {
    EXPECT_EQ(Jwt(secret).verify(pyjwt_token, issued + 1).value(), example());
    EXPECT_EQ(Jwt(secret).verify(pyjwt_token_our_order, issued + 1).value(), example());
}

TEST(Jwt, RefusesAShortSecret) {
    EXPECT_THROW(Jwt("0123456789abcdef0123456789abcde"), std::invalid_argument);
    EXPECT_THROW(require_strong_secret(""), std::invalid_argument);
    EXPECT_NO_THROW(require_strong_secret(secret));
}

RC_GTEST_PROP(JwtProperty, AcceptsItsOwnTokens, ()) {
    Claims claims = example();
    const auto ascii = rc::gen::map(rc::gen::inRange(1, 128), [](int c) { return static_cast<char>(c); });
    claims.username = *rc::gen::nonEmpty(rc::gen::container<std::string>(ascii));
    claims.admin = *rc::gen::arbitrary<bool>();
    claims.iat = *rc::gen::inRange<std::int64_t>(0, 4'000'000'000);
    claims.exp = claims.iat + *rc::gen::inRange<std::int64_t>(1, 1'000'000);
    const Jwt jwt(secret);
    const auto now = *rc::gen::inRange(claims.iat, claims.exp);
    RC_ASSERT(jwt.verify(jwt.sign(claims), now).value() == claims);
}

TEST(Jwt, RefusesATokenWithAnyByteChanged) {
    const Jwt jwt(secret);
    const auto token = jwt.sign(example());
    for (std::size_t i = 0; i < token.size(); ++i) {
        for (const char other : {'A', 'B', 'x', '-', '.', '=', '\0'}) {
            if (token[i] == other) continue;
            auto changed = token;
            changed[i] = other;
            EXPECT_FALSE(jwt.verify(changed, issued + 1)) << "byte " << i << " as " << other;
        }
        EXPECT_FALSE(jwt.verify(token.substr(0, i), issued + 1)) << "cut at " << i;
    }
    EXPECT_FALSE(jwt.verify(token + "A", issued + 1));
    EXPECT_FALSE(jwt.verify(token + ".", issued + 1));
    EXPECT_FALSE(jwt.verify(" " + token, issued + 1));
}

TEST(Jwt, RefusesAnotherSecretsToken) {
    EXPECT_THAT(refusal(make(good_header, good_payload, std::string(32, 'x'))), HasSubstr("signature is wrong"));
}

TEST(Jwt, PinsTheAlgorithm) {
    EXPECT_EQ(refusal(make(good_header, good_payload)), "accepted");
    EXPECT_EQ(refusal(make(R"({ "alg":"HS256", "kid":"1" })", good_payload)), "accepted");
    EXPECT_THAT(refusal(make(R"({"typ":"JWT","alg":"none"})", good_payload)), HasSubstr("not signed"));
    const auto unsigned_token = base64url_encode(R"({"alg":"none"})") + "." + base64url_encode(good_payload) + ".";
    EXPECT_THAT(refusal(unsigned_token), HasSubstr("not signed"));
    for (const auto* name : {"RS256", "ES256", "HS384", "HS512", "hs256", "HS256 ", ""})
        EXPECT_THAT(refusal(make(R"({"typ":"JWT","alg":")" + std::string(name) + "\"}", good_payload)),
                    HasSubstr("only HS256 is accepted"));
    EXPECT_THAT(refusal(make(R"({"typ":"JWT"})", good_payload)), HasSubstr("no \"alg\""));
    EXPECT_THAT(refusal(make(R"({"alg":256})", good_payload)), HasSubstr("no \"alg\""));
    EXPECT_THAT(refusal(make(R"({"alg":"none","alg":"HS256"})", good_payload)), HasSubstr("malformed"));
    EXPECT_THAT(refusal(make(R"({"alg":"HS256","crit":["b64"],"b64":false})", good_payload)), HasSubstr("crit"));
    EXPECT_THAT(refusal(make(R"({"alg":"HS256","typ":"JWE"})", good_payload)), HasSubstr("typ"));
    EXPECT_THAT(refusal(make(R"(["alg","HS256"])", good_payload)), HasSubstr("malformed"));
}

TEST(Jwt, AllowsSixtySecondsBetweenClocks) {
    const auto token = make(good_header, good_payload);
    EXPECT_EQ(refusal(token, expires - 1), "accepted");
    EXPECT_EQ(refusal(token, expires + 59), "accepted");
    EXPECT_THAT(refusal(token, expires + 60), HasSubstr("expired 60 s ago"));
    EXPECT_EQ(refusal(token, issued - 60), "accepted");
    EXPECT_THAT(refusal(token, issued - 61), HasSubstr("from the future"));
}

TEST(Jwt, RequiresItsClaims) {
    const auto with = [](const std::string& from, const std::string& to) {
        auto payload = good_payload;
        payload.replace(payload.find(from), from.size(), to);
        return refusal(make(good_header, payload));
    };
    EXPECT_THAT(with(R"("exp":1669159143,)", ""), HasSubstr("\"exp\" is missing"));
    EXPECT_THAT(with(R"("iat":1669072743,)", ""), HasSubstr("\"iat\" is missing"));
    EXPECT_THAT(with(R"("exp":1669159143)", R"("exp":"1669159143")"),
                HasSubstr("\"exp\" is missing or not an integer"));
    EXPECT_THAT(with(R"("exp":1669159143)", R"("exp":1669159143.5)"), HasSubstr("\"exp\""));
    EXPECT_THAT(with(R"("exp":1669159143)", R"("exp":1e300)"), HasSubstr("\"exp\""));
    EXPECT_THAT(with(R"("exp":1669159143)", R"("exp":18446744073709551615)"), HasSubstr("\"exp\""));
    EXPECT_THAT(with(R"("exp":1669159143)", R"("exp":null)"), HasSubstr("\"exp\""));
    EXPECT_THAT(with(R"("exp":1669159143)", R"("exp":-9223372036854775808)"), HasSubstr("expired"));
    EXPECT_EQ(with(R"("exp":1669159143)", R"("exp":9223372036854775807)"), "accepted");
    EXPECT_THAT(with(R"("iat":1669072743)", R"("iat":9223372036854775807)"), HasSubstr("from the future"));
    EXPECT_THAT(with(R"("iat":1669072743)", R"("iat":true)"), HasSubstr("\"iat\""));
    EXPECT_THAT(with(R"("admin":false)", R"("admin":0)"), HasSubstr("\"admin\""));
    EXPECT_THAT(with(R"("username":"a@b.org",)", ""), HasSubstr("\"username\""));
    EXPECT_THAT(with(R"("a@b.org")", R"("")"), HasSubstr("\"username\""));
    EXPECT_THAT(with(std::string(user_id), "me"), HasSubstr("\"sub\""));
    EXPECT_THAT(with(R"("admin":false)", R"("admin":false,"admin":true)"), HasSubstr("malformed"));
    EXPECT_EQ(with(R"("admin":false)", R"("admin":false,"extra":[1])"), "accepted");
    EXPECT_THAT(with(R"("admin":false)", R"("admin":false,"nbf":1700000000)"), HasSubstr("not valid yet"));
    EXPECT_THAT(with(R"("admin":false)", R"("admin":false,"nbf":"x")"), HasSubstr("\"nbf\""));
}

TEST(Jwt, SaysWhatIsMalformed) {
    EXPECT_THAT(refusal(""), HasSubstr("three parts"));
    EXPECT_THAT(refusal("a.b"), HasSubstr("three parts"));
    EXPECT_THAT(refusal("a.b.c.d"), HasSubstr("three parts"));
    EXPECT_THAT(refusal("!.b.c"), HasSubstr("header is not base64url"));
    EXPECT_THAT(refusal(base64url_encode("{") + ".b.c"), HasSubstr("header is no JSON object"));
    EXPECT_THAT(refusal(base64url_encode(good_header) + "." + base64url_encode(good_payload) + ".a="),
                HasSubstr("signature is not base64url"));
    EXPECT_THAT(refusal(make(good_header, "[1]")), HasSubstr("payload is no JSON object"));
    EXPECT_THAT(refusal(std::string(1 << 20, 'a')), HasSubstr("longer"));
    EXPECT_THAT(refusal("x"), HasSubstr("curl -u NAME:PASSWORD -X POST http://HOST:PORT/login"));
}

TEST(Jwt, WorksOnManyThreads) {
    const Jwt jwt(secret);
    const auto token = jwt.sign(example());
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([&] {
            for (int i = 0; i < 500; ++i) {
                EXPECT_TRUE(jwt.verify(token, issued));
                EXPECT_EQ(jwt.sign(example()), token);
            }
        });
}

TEST(BearerToken, FindsTheToken) {
    EXPECT_EQ(bearer_token("Bearer abc").value(), "abc");
    EXPECT_EQ(bearer_token("bearer  abc ").value(), "abc");
}

TEST(BearerToken, ShowsHowToLogIn) {
    for (const auto& header : std::vector<std::optional<std::string_view>>{
             std::nullopt, "", "Bearer", "Bearer ", "Basic YTpi", "Bearer a b", "abc", "BearerX abc"}) {
        const auto token = bearer_token(header);
        ASSERT_FALSE(token) << header.value_or("(none)");
        EXPECT_EQ(token.error().status, 401);
        EXPECT_THAT(token.error().detail, HasSubstr("curl -u NAME:PASSWORD -X POST http://HOST:PORT/login"));
        EXPECT_THAT(token.error().detail, HasSubstr("Authorization: Bearer TOKEN"));
        EXPECT_THAT(token.error().www_authenticate, HasSubstr("Bearer"));
    }
}

}  // namespace
}  // namespace nearline::token
