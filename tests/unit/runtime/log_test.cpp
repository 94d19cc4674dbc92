#include "runtime/log.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sstream>
#include <thread>
#include <vector>

namespace nearline {

using testing::ContainsRegex;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

namespace {

class Log : public testing::Test {
protected:
    ~Log() override { log::configure(log::Level::info, log::Format::text); }

    template <class Write>
    static std::string written(Write write) {
        testing::internal::CaptureStderr();
        write();
        return testing::internal::GetCapturedStderr();
    }
};

}  // namespace

TEST_F(Log, WritesLogfmt) {
    const auto line = written([] {
        log::info("now listening", {{"service", "gateway"}, {"port", 1958}, {"tls", false}});
    });
    EXPECT_THAT(line,
                ContainsRegex("^time=[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z level=info "));
    EXPECT_THAT(line, EndsWith(" msg=\"now listening\" service=gateway port=1958 tls=false\n"));
}

TEST_F(Log, WritesJson) {
    log::configure(log::Level::info, log::Format::json);
    const auto line = written([] {
        log::warning("slow", {{"port", 1958}, {"ratio", std::nan("")}, {"tls", true}, {"who", "a \"b\"\n"}});
    });
    const auto object = boost::json::parse(line).as_object();
    EXPECT_EQ(object.at("level"), "warning");
    EXPECT_EQ(object.at("msg"), "slow");
    EXPECT_EQ(object.at("port"), 1958);
    EXPECT_EQ(object.at("tls"), true);
    EXPECT_TRUE(object.at("ratio").is_string());
    EXPECT_EQ(object.at("who"), "a \"b\"\n");
}

TEST_F(Log, KeepsHostileTextInItsLine) {
    const std::string hostile =
        "x\nlevel=error msg=forged\r\x1b[2J\x7f\xc2\x9b"
        "31m \xff ü";
    const auto line = written([&] { log::info(hostile, {{"user", hostile}}); });
    EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 1);
    for (const char c : {'\r', '\x1b', '\x7f'}) EXPECT_EQ(line.find(c), std::string::npos);
    EXPECT_EQ(line.find("\xc2\x9b"), std::string::npos);
    EXPECT_THAT(line, HasSubstr(R"(x\nlevel=error msg=forged\u000d\u001b[2J\u007f\u009b31m \ufffd ü)"));
    log::configure(log::Level::info, log::Format::json);
    const auto json = written([&] { log::info(hostile, {{"user", hostile}}); });
    EXPECT_NO_THROW(boost::json::parse(json));
}

TEST_F(Log, LeavesOutWhatIsBelowItsLevel) {
    log::configure(log::Level::warning, log::Format::text);
    EXPECT_EQ(written([] { log::info("quiet"); }), "");
    EXPECT_THAT(written([] { log::error("loud"); }), HasSubstr("level=error msg=\"loud\""));
    log::configure(log::Level::debug, log::Format::text);
    EXPECT_THAT(written([] { log::debug("all"); }), HasSubstr("level=debug"));
}

TEST_F(Log, KeepsLinesOfManyThreadsWhole) {
    const auto lines = written([] {
        std::vector<std::thread> threads;
        for (int t = 0; t < 4; ++t) {
            threads.emplace_back([] {
                for (int i = 0; i < 200; ++i) log::info("a line that must stay whole", {{"i", i}});
            });
        }
        for (auto& thread : threads) thread.join();
    });
    std::istringstream stream(lines);
    int count = 0;
    for (std::string line; std::getline(stream, line); ++count) {
        ASSERT_THAT(line, StartsWith("time="));
        ASSERT_THAT(line, ContainsRegex("msg=\"a line that must stay whole\" i=[0-9]+$"));
    }
    EXPECT_EQ(count, 800);
}

TEST(LogThrottle, LetsOneThroughAndCountsTheRest) {
    log::Throttle throttle(3600);
    long held = -1;
    EXPECT_TRUE(throttle.pass(held));
    EXPECT_EQ(held, 0);
    for (int i = 0; i < 10; ++i) EXPECT_FALSE(throttle.pass(held));
    log::Throttle always(0);
    EXPECT_TRUE(always.pass(held));
    EXPECT_TRUE(always.pass(held));
}

}  // namespace nearline
