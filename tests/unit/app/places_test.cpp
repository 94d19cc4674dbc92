#include "app/places.hpp"

#include <gtest/gtest.h>

namespace nearline::app {
namespace {

TEST(StreamPlace, ReadsBothKinds) {
    const auto embedded = StreamPlace::parse("embedded:./data/stream");
    ASSERT_TRUE(embedded);
    EXPECT_EQ(embedded->kind, StreamPlace::Kind::embedded);
    EXPECT_EQ(embedded->where, "./data/stream");
    const auto kafka = StreamPlace::parse("kafka://a:9092,[::1]:9093");
    ASSERT_TRUE(kafka);
    EXPECT_EQ(kafka->kind, StreamPlace::Kind::kafka);
    EXPECT_EQ(kafka->where, "a:9092,[::1]:9093");
}

TEST(StreamPlace, SaysWhatIsWrong) {
    for (const char* bad :
         {"", "kafka", "kafka://", "kafka://a", "kafka://a:", "kafka://a:x", "kafka://a:0", "kafka://a:99999",
          "kafka://a:1,", "kafka://a:1,b", "kafka://user@a:1", "kafka://a:1/x", "embedded:", "http://a:1"}) {
        EXPECT_FALSE(StreamPlace::parse(bad)) << bad;
    }
    EXPECT_EQ(StreamPlace::parse("kafka://a:1,b").error(),
              "\"b\" is not host:port; a list is kafka://host:port,host:port");
}

TEST(RegistryPlace, TakesTheUserOutOfTheUrl) {
    const auto place = RegistryPlace::parse("https://me@registry:8443/apis/ccompat/v7");
    ASSERT_TRUE(place);
    EXPECT_EQ(place->where, "https://registry:8443/apis/ccompat/v7");
    EXPECT_EQ(place->user, "me");
    EXPECT_EQ(RegistryPlace::parse("http://registry:8081")->user, "");
    EXPECT_EQ(RegistryPlace::parse("http://registry:8081/a@b")->where, "http://registry:8081/a@b");
    EXPECT_EQ(RegistryPlace::parse("embedded:./data")->kind, RegistryPlace::Kind::embedded);
}

TEST(RegistryPlace, SaysWhatIsWrong) {
    for (const char* bad : {"", "registry:8081", "http://", "http:///x", "http://:8081", "http://me@", "embedded:"}) {
        EXPECT_FALSE(RegistryPlace::parse(bad)) << bad;
    }
    EXPECT_NE(RegistryPlace::parse("http://me:secret@registry").error().find("REGISTRY_PASSWORD"), std::string::npos);
}

TEST(Loopback, IsThisMachineAlone) {
    for (const char* address : {"127.0.0.1", "127.1.2.3", "::1", "localhost"})
        EXPECT_TRUE(is_loopback(address)) << address;
    for (const char* address : {"0.0.0.0", "::", "10.0.0.1", "example.com", ""})
        EXPECT_FALSE(is_loopback(address)) << address;
}

}  // namespace
}  // namespace nearline::app
