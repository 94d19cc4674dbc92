#include "admin/letter_query.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stream/dead_letter.hpp"

namespace nearline::admin {
namespace {

using testing::ElementsAre;
using Query = std::map<std::string, std::string>;

constexpr std::int64_t eleven = 1'764'068'400'000;  // 2025-11-25 11:00 UTC
const WallTime now{std::chrono::milliseconds(eleven)};

stream::ConsumedRecord letter(int partition, std::int64_t offset, std::int64_t time = eleven) {
    stream::ConsumedRecord source;
    source.at = {"input-topic", 1};
    stream::ConsumedRecord record;
    static_cast<stream::Record&>(record) =
        make_dead_letter(source, {"validation", "SchemaViolation", "/petal_width Must be a number", 422});
    record.at = {"input-topic.prediction.dlq", partition};
    record.offset = offset;
    record.timestamp = time;
    return record;
}

bool selects(const Query& query, const stream::ConsumedRecord& record = letter(0, 7)) {
    const auto parsed = parse_letter_query(LetterCall::list, query, now);
    EXPECT_TRUE(parsed) << (parsed ? "" : parsed.error().errors.at(0).detail);
    return parsed && is_selected(*parsed, record, stream::read_letter(record));
}

std::vector<std::string> wrong(LetterCall call, const Query& query) {
    const auto parsed = parse_letter_query(call, query, now);
    std::vector<std::string> pointers;
    if (!parsed) {
        EXPECT_EQ(parsed.error().status, 400);
        for (const auto& error : parsed.error().errors) pointers.push_back(error.pointer);
    }
    return pointers;
}

TEST(LetterTimes, AreReadAsPeopleWriteThem) {
    for (const auto* text : {"2025-11-25T11:00:00Z", "2025-11-25 11:00:00", "2025-11-25 11:00", "2025-11-25T11:00Z",
                             "2025-11-25T11:00:00.000Z", "2025-11-25 11:00:00.0", "1764068400000", "0s"}) {
        EXPECT_EQ(parse_time(text, now), eleven) << text;
    }
    EXPECT_EQ(parse_time("2025-11-25", now), eleven - 11 * 3'600'000);
    EXPECT_EQ(parse_time("2h", now), eleven - 2 * 3'600'000);
    EXPECT_EQ(parse_time("2025-11-25T11:00:00.25Z", now), eleven + 250);
    for (const auto* text : {"", "yesterday", "2025-13-25", "2025-11-25T11", "25.11.2025", "1764068400", "-2h"}) {
        EXPECT_EQ(parse_time(text, now), std::nullopt) << text;
    }
}

TEST(LetterQueries, SelectByTime) {
    EXPECT_TRUE(selects({}));
    EXPECT_TRUE(selects({{"from", "2025-11-25 11:00"}}));
    EXPECT_FALSE(selects({{"from", "2025-11-25 11:00:00.001"}}));
    EXPECT_FALSE(selects({{"to", "2025-11-25 11:00"}})) << "without the end";
    EXPECT_TRUE(selects({{"from", "1h"}, {"to", "2025-11-25 11:01"}}));
}

TEST(LetterQueries, SelectByReason) {
    EXPECT_TRUE(selects({{"class", "SchemaViolation"}, {"stage", "validation"}}));
    EXPECT_FALSE(selects({{"class", "Schema"}})) << "the whole word";
    EXPECT_FALSE(selects({{"stage", "json"}}));
    EXPECT_TRUE(selects({{"reason", "petal_WIDTH must"}}));
    EXPECT_FALSE(selects({{"reason", "sepal"}}));
}

TEST(LetterQueries, SelectByPlace) {
    EXPECT_TRUE(selects({{"offsets", "0:7"}}));
    EXPECT_TRUE(selects({{"offsets", "3:1, 0:1-3,0:5-9"}}));
    EXPECT_FALSE(selects({{"offsets", "0:6,1:7"}}));
}

TEST(LetterQueries, NameAllThatIsWrong) {
    EXPECT_THAT(wrong(LetterCall::list, {{"from", "soon"}, {"offsets", "7"}, {"state", "lost"}, {"limit", "5001"}}),
                ElementsAre("/from", "/offsets", "/state", "/limit"));
    EXPECT_THAT(wrong(LetterCall::list, {{"again", "true"}}), ElementsAre("/again")) << "nothing to do with a list";
    EXPECT_THAT(wrong(LetterCall::replay, {{"again", "yes"}, {"cursor", "x"}, {"until", ""}, {"state", "waiting"}}),
                ElementsAre("/state", "/cursor", "/until", "/again"));
    EXPECT_THAT(wrong(LetterCall::drop, {{"dry_run", "true"}, {"state", "replayed,stub"}}), ElementsAre());
}

TEST(LetterQueries, ReplayWhatWasNotReplayed) {
    LetterQuery query;
    EXPECT_TRUE(is_to_replay(query, LetterState::waiting));
    for (const auto state : {LetterState::replayed, LetterState::returned, LetterState::stub, LetterState::dropped}) {
        EXPECT_FALSE(is_to_replay(query, state)) << to_string(state);
    }
    query.again = true;
    EXPECT_TRUE(is_to_replay(query, LetterState::replayed));
    EXPECT_FALSE(is_to_replay(query, LetterState::returned)) << "or its record would be replayed twice";
    query = {};
    query.returned = true;
    EXPECT_TRUE(is_to_replay(query, LetterState::returned));
    EXPECT_FALSE(is_to_replay(query, LetterState::replayed));
    query.again = true;
    EXPECT_FALSE(is_to_replay(query, LetterState::stub));
    EXPECT_FALSE(is_to_replay(query, LetterState::dropped));
}

}  // namespace
}  // namespace nearline::admin
