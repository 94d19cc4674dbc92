#include "admin/records_query.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nearline::admin {
namespace {

using From = RecordsQuery::From;

const std::map<int, stream::Watermarks> logs{{0, {5, 20}}, {1, {0, 3}}};

std::vector<std::string> wrong(const std::map<std::string, std::string>& query) {
    const auto parsed = parse_records_query(query);
    std::vector<std::string> pointers;
    if (parsed) return pointers;
    EXPECT_EQ(parsed.error().status, 400);
    for (const auto& error : parsed.error().errors) pointers.push_back(error.pointer);
    return pointers;
}

TEST(RecordsQuery, AsksForTheNewestWhereNothingIsSaid) {
    const auto query = parse_records_query({});
    ASSERT_TRUE(query);
    EXPECT_EQ(query->from, From::last);
    EXPECT_EQ(query->limit, 100);
    EXPECT_EQ(query->wait.count(), 0);
}

TEST(RecordsQuery, ReadsEveryParameter) {
    const auto query =
        parse_records_query({{"from", "0:7,1:2"}, {"limit", "1000"}, {"wait", "10"}, {"partition", "1"}});
    ASSERT_TRUE(query);
    EXPECT_EQ(query->from, From::cursor);
    EXPECT_EQ(query->cursor, (Cursor{{0, 7}, {1, 2}}));
    EXPECT_EQ(query->limit, 1'000);
    EXPECT_EQ(query->wait, std::chrono::seconds(10));
    EXPECT_EQ(query->partition, 1);
    const auto at = parse_records_query({{"partition", "3"}, {"offset", "9"}});
    ASSERT_TRUE(at);
    EXPECT_EQ(at->cursor, (Cursor{{3, 9}}));
}

TEST(RecordsQuery, NamesEverythingThatIsWrong) {
    EXPECT_EQ(wrong({{"limit", "0"}, {"wait", "-1"}, {"from", "x"}, {"zzz", "1"}}),
              (std::vector<std::string>{"/zzz", "/limit", "/wait", "/from"}));
    EXPECT_EQ(wrong({{"limit", "1001"}}), std::vector<std::string>{"/limit"});
    EXPECT_EQ(wrong({{"offset", "1"}}), std::vector<std::string>{"/offset"});
    EXPECT_EQ(wrong({{"offset", "1"}, {"partition", "0"}, {"from", "latest"}}), std::vector<std::string>{"/offset"});
    EXPECT_EQ(wrong({{"offset", "99999999999999999999"}, {"partition", "0"}}), std::vector<std::string>{"/offset"});
}

TEST(RecordsQuery, CursorsReadBackAsTheyWereWritten) {
    const Cursor cursor{{0, 0}, {3, 9'000'000'000}};
    EXPECT_EQ(to_string(cursor), "0:0,3:9000000000");
    EXPECT_EQ(parse_cursor(to_string(cursor)), cursor);
    for (const char* bad : {"", "0", "0:", ":1", "0:-1", "a:1", "0:1;1:2", "0:1,,1:2"})
        EXPECT_FALSE(parse_cursor(bad)) << bad;
}

TEST(RecordsQuery, BeginsWhereItIsAskedTo) {
    const auto first = [](std::map<std::string, std::string> query) {
        return first_positions(parse_records_query(query).value(), logs);
    };
    EXPECT_EQ(first({{"limit", "4"}}), (Cursor{{0, 16}, {1, 0}}));
    EXPECT_EQ(first({{"from", "earliest"}}), (Cursor{{0, 5}, {1, 0}}));
    EXPECT_EQ(first({{"from", "latest"}}), (Cursor{{0, 20}, {1, 3}}));
    EXPECT_EQ(first({{"from", "0:2"}}), (Cursor{{0, 5}, {1, 0}}))
        << "what retention took is skipped, what is new is read";
    EXPECT_EQ(first({{"partition", "1"}, {"offset", "2"}}), (Cursor{{1, 2}}));
}

}  // namespace
}  // namespace nearline::admin
