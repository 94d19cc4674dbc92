#include "runtime/setting_values.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

using namespace nearline::setting_values;
using std::chrono::milliseconds;
using testing::ElementsAre;

TEST(SettingValues, Durations) {
    EXPECT_EQ(parse_duration("500ms"), milliseconds(500));
    EXPECT_EQ(parse_duration("5"), milliseconds(5'000));
    EXPECT_EQ(parse_duration("0"), milliseconds(0));
    EXPECT_EQ(parse_duration("0.5s"), milliseconds(500));
    EXPECT_EQ(parse_duration("1h30m"), milliseconds(5'400'000));
    EXPECT_EQ(parse_duration("7d"), milliseconds(604'800'000));
    for (const char* bad :
         {"", "s", "-5s", "5 s", "5x", "1h30", "1e3s", "5S", "1..5s", ".", "99999999999999d", "inf"}) {
        EXPECT_EQ(parse_duration(bad), std::nullopt) << bad;
    }
}

TEST(SettingValues, DurationsReadBackAsTheyWereWritten) {
    EXPECT_EQ(format_duration(milliseconds(90'000)), "90s");
    EXPECT_EQ(format_duration(milliseconds(0)), "0s");
    EXPECT_EQ(format_duration(milliseconds(1'500)), "1500ms");
    EXPECT_EQ(format_duration(milliseconds(3'501'067)), "58m21s67ms");
    EXPECT_EQ(format_duration(milliseconds(90'061'001)), "1d1h1m1s1ms");
    EXPECT_TRUE(rc::check([](unsigned count) {
        RC_ASSERT(parse_duration(format_duration(milliseconds(count))) == milliseconds(count));
    }));
}

TEST(SettingValues, Sizes) {
    EXPECT_EQ(parse_size("0"), 0U);
    EXPECT_EQ(parse_size("65536"), 65'536U);
    EXPECT_EQ(parse_size("64KiB"), 65'536U);
    EXPECT_EQ(parse_size("1.5MiB"), 1'572'864U);
    EXPECT_EQ(parse_size("2MB"), 2'000'000U);
    for (const char* bad : {"", "KiB", "-1", "1 KiB", "1XiB", "1KiB2", "99999999TiB"})
        EXPECT_EQ(parse_size(bad), std::nullopt) << bad;
    EXPECT_EQ(format_size(1 << 20), "1MiB");
    EXPECT_EQ(format_size(1025), "1025B");
    EXPECT_TRUE(rc::check([](unsigned bytes) { RC_ASSERT(parse_size(format_size(bytes)) == bytes); }));
}

TEST(SettingValues, Numbers) {
    EXPECT_EQ(parse_number("2.5e3"), 2'500.0);
    for (const char* bad : {"", "nan", "inf", "1e999", "1,5", "2 "}) EXPECT_EQ(parse_number(bad), std::nullopt) << bad;
    EXPECT_EQ(format_number(0.1), "0.1");
}

TEST(SettingValues, Lists) {
    EXPECT_THAT(split_list("a, b ,,c"), ElementsAre("a", "b", "c"));
    EXPECT_THAT(split_list(""), ElementsAre());
    EXPECT_THAT(split_list(" , "), ElementsAre());
}

TEST(SettingValues, GuessesWhatWasMeant) {
    const std::vector<std::string> known{"--partitions", "--stream", "--drain-time"};
    EXPECT_EQ(closest("--partition", known), "--partitions");
    EXPECT_EQ(closest("--steam", known), "--stream");
    EXPECT_EQ(closest("--draintime", known), "--drain-time");
    EXPECT_EQ(closest("--xyz", known), "");
}
