#include <fstream>
#include <gmock/gmock.h>
#include <stdexcept>

#include "stream/stream.hpp"
#include "support/temp_dir.hpp"

namespace nearline::stream {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;
using Properties = std::map<std::string, std::string>;

class ReadProperties : public ::testing::Test {
protected:
    Properties read(const std::string& text) {
        const auto path = folder_ / "client.properties";
        std::ofstream(path, std::ios::binary) << text;
        return read_properties(path);
    }
    std::string error(const std::string& text) {
        try {
            read(text);
        } catch (const std::invalid_argument& error) {
            return error.what();
        }
        return "";
    }
    test::TempDir folder_;
};

TEST_F(ReadProperties, AsKafkasToolsDo) {
    EXPECT_EQ(read("# comment\n! another\n\n  \t\nsecurity.protocol=SASL_SSL\nsasl.username: user\n  sasl.password   = "
                   " p=w:d  \n"
                   "empty=\nblank separated\n"),
              (Properties{{"security.protocol", "SASL_SSL"},
                          {"sasl.username", "user"},
                          {"sasl.password", "p=w:d"},
                          {"empty", ""},
                          {"blank", "separated"}}));
    EXPECT_EQ(read(""), Properties{});
    EXPECT_EQ(read("a=1\r\nb=2\r\n"), (Properties{{"a", "1"}, {"b", "2"}}));
    EXPECT_EQ(read("a=1\na=2"), (Properties{{"a", "2"}})) << "the last one wins, newline or not";
}

TEST_F(ReadProperties, WithEscapes) {
    EXPECT_EQ(read("a\\=b\\:c\\ d=1"), (Properties{{"a=b:c d", "1"}}));
    EXPECT_EQ(read("a=\\tx\\\\y\\q\\u00e9\\u20ac"), (Properties{{"a", "\tx\\yq\xc3\xa9\xe2\x82\xac"}}));
    EXPECT_EQ(read("a=one\\\n   two\\\n#three\nb=2"), (Properties{{"a", "onetwo#three"}, {"b", "2"}}));
    EXPECT_EQ(read("a=back\\\\\nb=2"), (Properties{{"a", "back\\"}, {"b", "2"}})) << "an escaped one goes on nowhere";
}

TEST_F(ReadProperties, SayingWhichLineIsWrong) {
    EXPECT_THAT(error("a=1\n# fine\nnonsense\n"), HasSubstr("line 3"));
    EXPECT_THAT(error("=value"), HasSubstr("line 1"));
    EXPECT_THAT(error("a=\\u12"), HasSubstr("four hexadecimal digits"));
    EXPECT_THROW(read_properties(folder_ / "missing"), std::invalid_argument);
}

TEST_F(ReadProperties, SayingAllThatIsWrongAtOnce) {
    EXPECT_THAT(error("nonsense\na=1\n=value\n"), AllOf(HasSubstr("line 1: "), HasSubstr("line 3: ")));
    const auto path = folder_ / "client.properties";
    std::ofstream(path) << "nonsense\nsasl.usernmae=x\n\nsasl.username=fine\nacks=1\nsocket.timeout.ms=soon\n";
    EXPECT_THAT(
        check_properties(path),
        ElementsAre(StartsWith("line 1: 'nonsense' is not key=value"), StartsWith("line 2: 'sasl.usernmae'"),
                    StartsWith("line 5: 'acks' is Nearline's to set"), StartsWith("line 6: 'socket.timeout.ms'")));
    EXPECT_THAT(check_properties(folder_ / "missing"), ElementsAre("can't be read"));
    std::ofstream(path) << "sasl.username=fine\n";
    EXPECT_THAT(check_properties(path), IsEmpty());
}

}  // namespace
}  // namespace nearline::stream
