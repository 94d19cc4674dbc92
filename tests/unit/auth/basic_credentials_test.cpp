#include "auth/basic_credentials.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <sodium.h>

namespace nearline::auth {
namespace {

std::string base64(const std::string& text) {
    std::string encoded(sodium_base64_encoded_len(text.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
    sodium_bin2base64(encoded.data(), encoded.size(), reinterpret_cast<const unsigned char*>(text.data()), text.size(),
                      sodium_base64_VARIANT_ORIGINAL);
    encoded.pop_back();  // the NUL
    return encoded;
}

std::string detail_of(std::optional<std::string_view> header) {
    const auto result = parse_basic_credentials(header);
    if (result) return "accepted";
    EXPECT_EQ(401, result.error().status);
    EXPECT_EQ(R"(Basic realm="nearline", charset="UTF-8")", result.error().www_authenticate);
    EXPECT_THAT(result.error().detail, ::testing::HasSubstr("curl -u NAME:PASSWORD"));
    return result.error().detail;
}

TEST(BasicCredentials, OfRfc7617) {
    EXPECT_EQ((Credentials{"Aladdin", "open sesame"}),
              parse_basic_credentials("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==").value());
    // "test" and "123£", UTF-8.
    EXPECT_EQ((Credentials{"test", "123\xC2\xA3"}), parse_basic_credentials("Basic dGVzdDoxMjPCow==").value());
}

TEST(BasicCredentials, TheSchemeHasNoCaseAndSpacesAroundDontCount) {
    EXPECT_EQ("Aladdin", parse_basic_credentials("bASIC   QWxhZGRpbjpvcGVuIHNlc2FtZQ== ").value().name);
}

TEST(BasicCredentials, SaysWhatIsWrong) {
    using ::testing::HasSubstr;
    EXPECT_THAT(detail_of(std::nullopt), HasSubstr("no Authorization"));
    EXPECT_THAT(detail_of(""), HasSubstr("Basic scheme"));
    EXPECT_THAT(detail_of("Bearer abc"), HasSubstr("Basic scheme"));
    EXPECT_THAT(detail_of("Basically QWxhZGRpbjpvcGVuIHNlc2FtZQ=="), HasSubstr("Basic scheme"));
    EXPECT_THAT(detail_of("Basic"), HasSubstr("colon"));
    EXPECT_THAT(detail_of("Basic !!!!"), HasSubstr("base64"));
    EXPECT_THAT(detail_of("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ"), HasSubstr("base64")) << "padding is missing";
    EXPECT_THAT(detail_of("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ== more"), HasSubstr("base64"));
    EXPECT_THAT(detail_of("Basic " + base64("nocolon")), HasSubstr("colon"));
    EXPECT_THAT(detail_of("Basic " + base64(":secret")), HasSubstr("name is empty"));
    EXPECT_THAT(detail_of("Basic " + base64("name:")), HasSubstr("password is empty"));
    EXPECT_THAT(detail_of("Basic " + base64(":")), HasSubstr("name is empty"));
}

TEST(BasicCredentials, WrongDoesNotSayWhich) {
    EXPECT_EQ(401, wrong_credentials().status);
    EXPECT_EQ(basic_challenge, wrong_credentials().www_authenticate);
    EXPECT_EQ("Name or password is wrong.", wrong_credentials().detail);
}

TEST(BasicCredentials, AnyNameWithoutColonAndAnyPasswordComeThrough) {
    EXPECT_TRUE(rc::check([](const std::string& any_name, const std::string& any_password) {
        std::string name = "n" + any_name;
        std::erase(name, ':');
        const std::string password = any_password + "p";
        RC_ASSERT((Credentials{name, password}) ==
                  parse_basic_credentials("Basic " + base64(name + ":" + password)).value());
    }));
}

TEST(BasicCredentials, AnythingElseIsA401) {
    EXPECT_TRUE(rc::check([](const std::string& header) {
        const auto result = parse_basic_credentials("Basic " + header);
        RC_ASSERT(result.has_value() || result.error().status == 401);
    }));
}

}  // namespace
}  // namespace nearline::auth
