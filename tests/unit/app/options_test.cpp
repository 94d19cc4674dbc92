#include "app/options.hpp"

#include <cstdlib>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nearline::app {
namespace {

using testing::HasSubstr;

/// The errors that a declaration gives for a command line.
template <class Declare>
std::string errors(Declare declare_all, std::vector<const char*> arguments) {
    Settings settings("test-svc", "Tests.");
    declare_all(settings);
    arguments.insert(arguments.begin(), "test-svc");
    testing::internal::CaptureStderr();
    const auto code = settings.load(static_cast<int>(arguments.size()), arguments.data());
    const auto text = testing::internal::GetCapturedStderr();
    EXPECT_EQ(code.has_value(), !text.empty());
    return text;
}

TEST(Options, SeparateServicesTakeNoEmbeddedStream) {
    StreamOptions options;
    EXPECT_THAT(errors([&](Settings& s) { declare(s, options, false); }, {"--stream", "embedded:./data"}),
                HasSubstr("an embedded stream serves one process, and this is one of several"));
    EXPECT_EQ(errors([&](Settings& s) { declare(s, options, true); }, {"--stream", "embedded:./data"}), "");
    EXPECT_EQ(options.stream, "embedded:./data");
}

TEST(Options, SeparateServicesTakeNoEmbeddedRegistry) {
    RegistryOptions options;
    EXPECT_THAT(errors([&](Settings& s) { declare(s, options, false); }, {"--registry", "embedded:./data"}),
                HasSubstr("run `nearline registry` beside it"));
}

TEST(Options, AddressesToListenOnAreLookedAtWithAllElse) {
    ListenOptions options;
    options.address = "127.0.0.1";
    const auto declare_it = [&](Settings& s) { declare(s, options); };
    for (const auto* good : {"127.0.0.1", "localhost", "0.0.0.0"}) {
        EXPECT_EQ(errors(declare_it, {"--listen", good}), "") << good;
    }
    const auto text = errors(declare_it, {"--listen", "1.2.3", "--max-connections", "no"});
    EXPECT_THAT(text, HasSubstr("--listen"));
    EXPECT_THAT(text, HasSubstr("is no address"));
    EXPECT_THAT(text, HasSubstr("--max-connections"));
    // Of a network that is for documents alone.
    EXPECT_THAT(errors(declare_it, {"--listen", "192.0.2.1"}), HasSubstr("No interface of this machine"));
}

TEST(Options, TopicsHaveDifferentAndValidNames) {
    TopicsOptions options;
    const auto all = [&](Settings& s) { declare(s, options); };
    EXPECT_THAT(errors(all, {"--input-topic", "a", "--output-topic", "a"}), HasSubstr("are the same topic, a"));
    EXPECT_THAT(errors(all, {"--input-topic", "a b"}), HasSubstr("must be 1 to 200 letters"));
    EXPECT_THAT(errors(all, {"--partitions", "0"}), HasSubstr("must be between 1 and 10000"));
    options = {};
    EXPECT_EQ(errors(all, {"--group-prefix", "mine", "--retention", "1h"}), "");
    EXPECT_EQ(options.group("gateway"), "mine-gateway-iris");
    EXPECT_EQ(options.topic_options().retention, std::chrono::hours(1));
}

TEST(Options, TopicsKeepAnyAmountUnlessTold) {
    TopicsOptions options;
    const auto all = [&](Settings& s) { declare(s, options); };
    EXPECT_EQ(errors(all, {}), "");
    EXPECT_EQ(options.topic_options().retention_bytes, -1);
    EXPECT_EQ(errors(all, {"--retention-bytes", "64MiB"}), "");
    EXPECT_EQ(options.topic_options().retention_bytes, 64 << 20);
    EXPECT_EQ(errors(all, {"--retention-bytes", "0"}), "");
    EXPECT_EQ(options.topic_options().retention_bytes, -1) << "Kafka's 0 would keep nothing";
    EXPECT_THAT(errors(all, {"--retention-bytes", "-1"}), HasSubstr("must be a size"));
}

TEST(Options, TheSecretIsAskedForAndMeasured) {
    std::optional<std::string> secret;
    const auto required = [&](Settings& s) { declare_jwt_secret(s, secret, true); };
    unsetenv("JWT_SECRET");
    EXPECT_THAT(errors(required, {}), HasSubstr("JWT_SECRET: is missing"));
    EXPECT_EQ(errors([&](Settings& s) { declare_jwt_secret(s, secret, false); }, {}), "");
    setenv("JWT_SECRET", "too short", 1);
    EXPECT_THAT(errors(required, {}), HasSubstr("32"));
    setenv("JWT_SECRET", "0123456789abcdef0123456789abcdef", 1);
    EXPECT_EQ(errors(required, {}), "");
    unsetenv("JWT_SECRET");
}

TEST(Options, UrlsAndChoicesAreChecked) {
    EXPECT_EQ(check_http_url("http://auth:5000"), "");
    EXPECT_NE(check_http_url("auth:5000"), "");
    EXPECT_EQ(one_of({"a", "b"})("b"), "");
    EXPECT_EQ(one_of({"a", "b"})("c"), "must be one of a, b");
}

}  // namespace
}  // namespace nearline::app
