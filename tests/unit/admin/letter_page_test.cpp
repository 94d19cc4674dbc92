#include "admin/letter_page.hpp"

#include <gtest/gtest.h>

#include "stream/dead_letter.hpp"

namespace nearline::admin {
namespace {

using stream::LetterMark;

const std::string dlq = "input-topic.prediction.dlq";

stream::ConsumedRecord at(int partition, std::int64_t offset, stream::Record record) {
    stream::ConsumedRecord placed;
    static_cast<stream::Record&>(placed) = std::move(record);
    placed.at = {dlq, partition};
    placed.offset = offset;
    return placed;
}

stream::ConsumedRecord letter(int partition, std::int64_t offset, const std::string& topic = "input-topic") {
    stream::ConsumedRecord source;
    source.value = "poison";
    source.at = {topic, 1};
    return at(partition, offset, make_dead_letter(source, {"json", "MalformedJson", "no JSON", 400}));
}

stream::ConsumedRecord stub(int partition, std::int64_t offset) {
    stream::ConsumedRecord source;
    source.value = "poison";
    source.at = {"input-topic", 1};
    return at(partition, offset, make_dead_letter_stub(source, {"json", "MalformedJson", "no JSON", 400}));
}

stream::ConsumedRecord mark(int partition, std::int64_t offset, const std::string& offsets,
                            LetterMark::Kind kind = LetterMark::Kind::replayed) {
    return at(partition, offset, stream::make_mark({kind, *stream::OffsetRanges::parse(offsets)}));
}

/// "0:3 waiting, 1:0 replayed", as far as the page wants to read.
std::string read(LetterPage& page, std::vector<stream::ConsumedRecord> records) {
    for (auto& record : records) {
        if (!page.take(std::move(record))) break;
    }
    page.finish();
    std::string text;
    for (const auto& found : page.letters()) {
        if (!text.empty()) text += ", ";
        text += std::to_string(found.record.at.partition) + ":" + std::to_string(found.record.offset) + " " +
                to_string(found.state);
    }
    return text;
}

LetterQuery until(Cursor ends, int limit = 100) {
    LetterQuery query;
    query.until = std::move(ends);
    query.limit = limit;
    return query;
}

constexpr std::size_t enough = 1 << 20;

TEST(LetterPage, SaysWhatBecameOfEach) {
    const auto query = until({{0, 6}, {1, 1}});
    LetterPage page(query, dlq, {}, enough);
    EXPECT_EQ(read(page, {letter(0, 0), letter(0, 1), mark(0, 2, "0"), letter(0, 3, "input-topic.prediction.retry"),
                          stub(0, 4), letter(0, 5), mark(0, 6, "5", LetterMark::Kind::dropped), letter(1, 0)}),
              "0:0 replayed, 0:1 waiting, 0:3 returned, 0:4 stub, 1:0 waiting");
    EXPECT_TRUE(page.is_last());
    EXPECT_EQ(page.next(), query.until);
}

TEST(LetterPage, LeavesOutWhatCameAfterItWasBegun) {
    const auto query = until({{0, 2}});
    LetterPage page(query, dlq, {}, enough);
    EXPECT_EQ(read(page, {letter(0, 0), letter(0, 1), letter(0, 2), mark(0, 3, "1")}), "0:0 waiting, 0:1 replayed");
    EXPECT_EQ(page.next().at(0), 2);
}

TEST(LetterPage, MarksCountForTheirOwnPartition) {
    const auto query = until({{0, 1}, {1, 1}});
    LetterPage page(query, dlq, {}, enough);
    EXPECT_EQ(read(page, {letter(0, 0), letter(1, 0), mark(1, 1, "0")}), "0:0 waiting, 1:0 replayed");
}

TEST(LetterPage, ReturnedOnesCanHaveBeenReplayedToo) {
    const auto query = until({{0, 1}});
    LetterPage page(query, dlq, {}, enough);
    EXPECT_EQ(read(page, {letter(0, 0, "input-topic.prediction.retry"), mark(0, 1, "0")}), "0:0 replayed");
}

TEST(LetterPage, GoesOnWhereThePageBeforeEnded) {
    const std::vector<stream::ConsumedRecord> log{letter(0, 0),      letter(0, 1), letter(0, 2),
                                                  mark(0, 3, "0-1"), letter(1, 0), letter(1, 5)};
    auto query = until({{0, 4}, {1, 6}, {2, 9}}, 2);
    LetterPage first(query, dlq, {{2, 9}}, enough);
    EXPECT_EQ(read(first, log), "0:0 replayed, 0:1 replayed") << "with the marks behind the page";
    EXPECT_FALSE(first.is_last());
    EXPECT_EQ(first.next(), (Cursor{{0, 2}, {1, 0}, {2, 9}}));
    query.cursor = first.next();
    LetterPage second(query, dlq, {{2, 9}}, enough);
    EXPECT_EQ(second.positions(), (std::vector<stream::Position>{{{dlq, 0}, 2}, {{dlq, 1}, 0}}));
    EXPECT_EQ(read(second, {log.begin() + 2, log.end()}), "0:2 waiting, 1:0 waiting");
    EXPECT_EQ(second.next(), (Cursor{{0, 4}, {1, 5}, {2, 9}}));
    query.cursor = second.next();
    LetterPage third(query, dlq, {{2, 9}}, enough);
    EXPECT_EQ(read(third, {log.begin() + 5, log.end()}), "1:5 waiting");
    EXPECT_TRUE(third.is_last());
    EXPECT_EQ(third.next(), query.until);
}

TEST(LetterPage, IsFilledPastThoseOfOtherStates) {
    const std::vector<stream::ConsumedRecord> log{letter(0, 0), letter(0, 1),      letter(0, 2),
                                                  letter(0, 3), mark(0, 4, "0-1"), letter(1, 0)};
    auto query = until({{0, 5}, {1, 1}}, 1);
    query.states = {LetterState::waiting};
    LetterPage first(query, dlq, {}, enough);
    EXPECT_EQ(read(first, log), "0:2 waiting");
    EXPECT_EQ(first.next(), (Cursor{{0, 3}, {1, 0}}));
    EXPECT_FALSE(first.is_last());
    query.cursor = first.next();
    LetterPage second(query, dlq, {}, enough);
    EXPECT_EQ(read(second, {log.begin() + 3, log.end()}), "0:3 waiting");
    EXPECT_EQ(second.next(), (Cursor{{0, 5}, {1, 0}}));
    query.cursor = second.next();
    LetterPage third(query, dlq, {}, enough);
    EXPECT_EQ(read(third, {log.begin() + 5, log.end()}), "1:0 waiting");
    EXPECT_TRUE(third.is_last());
    EXPECT_EQ(third.next(), query.until);
}

TEST(LetterPage, IsBoundedBySize) {
    const auto query = until({{0, 3}});
    LetterPage page(query, dlq, {}, 1);
    EXPECT_EQ(read(page, {letter(0, 0), letter(0, 1), letter(0, 2)}), "0:0 waiting") << "one at least";
    EXPECT_EQ(page.next().at(0), 1);
}

TEST(LetterPage, ShowsTheStatesThatAreAskedFor) {
    auto query = until({{0, 3}});
    query.states = {LetterState::dropped, LetterState::stub};
    LetterPage page(query, dlq, {}, enough);
    EXPECT_EQ(read(page, {letter(0, 0), letter(0, 1), stub(0, 2), mark(0, 3, "0", LetterMark::Kind::dropped)}),
              "0:0 dropped, 0:2 stub");
}

TEST(LetterPage, WhatIsDroppedStaysSo) {
    auto query = until({{0, 1}});
    LetterPage page(query, dlq, {}, enough);
    EXPECT_EQ(read(page, {letter(0, 0), mark(0, 1, "0", LetterMark::Kind::dropped), mark(0, 2, "0")}), "");
}

TEST(LetterPage, ReadsOnlyThePartitionsThatAreAskedFor) {
    auto query = until({{0, 3}, {1, 3}, {2, 3}});
    query.places[1] = *stream::OffsetRanges::parse("2");
    const LetterPage page(query, dlq, {{1, 1}}, enough);
    EXPECT_EQ(page.positions(), (std::vector<stream::Position>{{{dlq, 1}, 1}}));
}

TEST(DroppedLetters, CanBeCutUpToTheFirstThatIsLeft) {
    DroppedLetters letters;
    for (const auto& record : {letter(0, 4), letter(0, 5), mark(0, 6, "4", LetterMark::Kind::dropped), mark(0, 7, "5"),
                               letter(1, 0), mark(1, 1, "0", LetterMark::Kind::dropped), letter(2, 9), letter(2, 10),
                               mark(2, 11, "10", LetterMark::Kind::dropped)}) {
        letters.take(record);
    }
    EXPECT_EQ(letters.ends(), (Cursor{{0, 5}, {1, 2}, {2, 9}}));
}

}  // namespace
}  // namespace nearline::admin
