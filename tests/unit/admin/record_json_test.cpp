#include "admin/record_json.hpp"

#include <boost/json/value.hpp>
#include <gtest/gtest.h>

#include "domain/json.hpp"
#include "schema/framing.hpp"

namespace nearline::admin {
namespace {

stream::ConsumedRecord record(std::optional<std::string> value) {
    stream::ConsumedRecord made;
    made.at = {"t", 3};
    made.offset = 7;
    made.timestamp = 1'669'072'743'000;
    made.value = std::move(value);
    return made;
}

std::string shown(std::optional<std::string> value) {
    const auto text = record_to_json(record(std::move(value)));
    EXPECT_EQ(text.find('\n'), std::string::npos);
    EXPECT_TRUE(parse_json(text)) << text;
    return text.substr(text.find("\"schema_id\""));
}

TEST(RecordJson, ShowsPlaceKeyAndHeaders) {
    auto one = record("x");
    one.key = "k";
    one.headers = {{"a", "1"}, {"a", std::nullopt}, {"b", std::string("\xff\x00", 2)}};
    EXPECT_EQ(record_to_json(one),
              R"({"partition":3,"offset":7,"timestamp":1669072743000,"key":"k","headers":[{"key":"a","value":"1"},)"
              R"({"key":"a","value":null},{"key":"b","value":{"base64":"/wA="}}],"schema_id":null,"value":"x"})");
}

TEST(RecordJson, UnpacksFramedValues) {
    EXPECT_EQ(shown(schema::frame(258, R"({"a":2.0})")), R"("schema_id":258,"value":{"a":2.0}})");
    EXPECT_EQ(shown(std::string("\0\xff\xff\xff\xfe{}", 7)), R"("schema_id":4294967294,"value":{}})");
    EXPECT_EQ(shown(schema::frame(1, "no JSON")), R"("schema_id":1,"value":"no JSON"})");
}

TEST(RecordJson, ShowsValuesOfEveryKind) {
    EXPECT_EQ(shown(std::nullopt), R"("schema_id":null,"value":null})");
    EXPECT_EQ(shown("{\n\t\"a\": 1e0\r\n}"), R"("schema_id":null,"value":{  "a": 1e0  }})");
    EXPECT_EQ(shown("line\nline"), R"("schema_id":null,"value":"line\nline"})");
    EXPECT_EQ(shown("\xff"), R"("schema_id":null,"value":{"base64":"/w=="}})");
    EXPECT_EQ(shown(""), R"("schema_id":null,"value":""})");
}

}  // namespace
}  // namespace nearline::admin
