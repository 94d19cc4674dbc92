#include "cli/csv.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <sstream>

namespace nearline::cli {
namespace {

using Rows = std::vector<std::vector<std::string>>;

Rows read(const std::string& text, std::vector<long>* lines = nullptr) {
    std::istringstream in(text);
    CsvReader reader(in);
    Rows rows;
    for (std::vector<std::string> row; reader.next(row); rows.push_back(row)) {
        if (lines != nullptr) lines->push_back(reader.line());
    }
    EXPECT_EQ(reader.bytes(), text.size());
    return rows;
}

TEST(Csv, ReadsRecordsOfEveryForm) {
    EXPECT_EQ(read("a,b\n1,2\n"), (Rows{{"a", "b"}, {"1", "2"}}));
    EXPECT_EQ(read("a,b\r\n1,2"), (Rows{{"a", "b"}, {"1", "2"}}));
    EXPECT_EQ(read("\"a\"\"b\",\"c,d\n e\",\n"), (Rows{{"a\"b", "c,d\n e", ""}}));
    EXPECT_EQ(read(",\n"), (Rows{{"", ""}}));
    EXPECT_EQ(read("\xef\xbb\xbf"
                   "a\n\n\r\nb\n"),
              (Rows{{"a"}, {"b"}}));
    EXPECT_EQ(read(""), Rows{});
    EXPECT_EQ(read("\n\n"), Rows{});
}

TEST(Csv, KnowsTheLineOfEachRecord) {
    std::vector<long> lines;
    read("a\n\n\"b\nb\"\nc\n", &lines);
    EXPECT_EQ(lines, (std::vector<long>{1, 3, 5}));
}

TEST(Csv, SaysWhereQuotesAreWrong) {
    EXPECT_THAT([] { read("a\n\"b\n"); }, testing::ThrowsMessage<std::runtime_error>(testing::HasSubstr("line 2: ")));
    EXPECT_THAT([] { read("\"b\"x\n"); }, testing::ThrowsMessage<std::runtime_error>(testing::HasSubstr("line 1: ")));
}

TEST(Csv, ReadsBackWhatItWrote) {
    EXPECT_TRUE(rc::check([] {
        const auto cell = rc::gen::container<std::string>(rc::gen::elementOf(std::string("ab,\"\r\n 1.")));
        const auto row = *rc::gen::nonEmpty(rc::gen::container<std::vector<std::string>>(cell));
        // One empty field is an empty line, which is none.
        RC_PRE(row.size() > 1 || !row[0].empty());
        std::istringstream in(csv_line(row) + "end\n");
        CsvReader reader(in);
        std::vector<std::string> back;
        RC_ASSERT(reader.next(back));
        RC_ASSERT(back == row);
        RC_ASSERT(reader.next(back));
        RC_ASSERT(back == std::vector<std::string>{"end"});
    }));
}

TEST(Csv, BlanksAroundQuotesAreNothing) {
    EXPECT_EQ(read("\"a\", \"b,c\" ,\t\"d\"\n1, 2 , x y\n"), (Rows{{"a", "b,c", "d"}, {"1", " 2 ", " x y"}}));
}

}  // namespace
}  // namespace nearline::cli
