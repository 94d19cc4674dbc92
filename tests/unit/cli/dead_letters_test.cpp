#include "cli/dead_letters.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdexcept>

#include "domain/json.hpp"
#include "domain/problem.hpp"

namespace nearline::cli {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;
using Query = std::map<std::string, std::string>;

/// An admin API with topics of dead letters and prepared answers, which notes what else it was asked.
class Answers {
public:
    explicit Answers(std::vector<std::string> answers, std::string topics = R"([{"topic":"in.prediction.dlq"}])")
        : answers_(std::move(answers)), topics_(std::move(topics)) {}

    AdminApi api() {
        const auto as = [this](const char* method) {
            return [this, method](const std::string& path, const Query& query) { return answer(method, path, query); };
        };
        return {as("GET "), as("POST ")};
    }
    std::vector<std::pair<std::string, Query>> asked;
    std::size_t failures = 0;  ///< so many times it is away, before the first answer

private:
    boost::json::value answer(const std::string& method, const std::string& path, const Query& query) {
        if (path == "/admin/dead-letters") return parse_json(R"({"topics":)" + topics_ + "}").value();
        asked.emplace_back(method + path, query);
        if (asked.size() <= failures) throw Unavailable("it is away");
        const auto place = asked.size() - failures - 1;
        if (place >= answers_.size()) throw std::runtime_error("no more answers");
        return parse_json(answers_[place]).value();
    }

    std::vector<std::string> answers_;
    const std::string topics_;
};

struct Printed {
    int code = -1;
    std::string text;
};
Printed printed(const std::function<int()>& run) {
    testing::internal::CaptureStdout();
    const int code = run();
    return {code, testing::internal::GetCapturedStdout()};
}

std::string letter(int offset, const std::string& reason = "no JSON") {
    return R"({"topic":"in.prediction.dlq","partition":3,"offset":)" + std::to_string(offset) +
           R"(,"timestamp":1,"time":"2026-11-25T11:00:0)" + std::to_string(9 - offset) +
           R"(.000Z","state":"waiting","stage":"json","class":"MalformedJson","reason":")" + reason +
           R"(","origin":{"topic":"in","partition":1,"offset":7},"key":null,"size":3})";
}

std::string page(const std::string& members, bool is_last) {
    return "{" + members + R"(,"cursor":"3:5","until":"3:9","last":)" + (is_last ? "true" : "false") + "}";
}

std::string replayed(int count, const std::string& skipped, const std::string& stubs, bool is_last) {
    const auto classes = count == 0 ? "{}" : R"({"MalformedJson":)" + std::to_string(count) + "}";
    return page(R"("replayed":)" + std::to_string(count) + R"(,"classes":)" + classes + R"(,"skipped":)" + skipped +
                    R"(,"stubs":)" + stubs,
                is_last);
}
const std::string nothing_skipped = R"({"replayed":0,"returned":0,"stub":0})";

TEST(DeadLetters, AreListedAsATableByTime) {
    Answers answers({page(R"("letters":[)" + letter(1) + "," + letter(2, "a\\u001b[31mb") + "]", true)});
    const auto [code, text] = printed([&] { return list_letters(answers.api(), {}); });
    EXPECT_EQ(code, 0);
    EXPECT_EQ(text,
              "TOPIC              PLACE  TIME                      STATE    CLASS          REASON\n"
              "in.prediction.dlq  3:2    2026-11-25T11:00:07.000Z  waiting  MalformedJson  a?[31mb\n"
              "in.prediction.dlq  3:1    2026-11-25T11:00:08.000Z  waiting  MalformedJson  no JSON\n"
              "2 letters\n");
}

TEST(DeadLetters, AreAskedForPageByPageUpToTheLimit) {
    Answers answers({page(R"("letters":[)" + letter(1) + "," + letter(2) + "]", false),
                     page(R"("letters":[)" + letter(5) + "]", false)});
    LetterOptions options{.topics = {"prediction"}, .query = {{"class", "MalformedJson"}}, .limit = 3, .json = true};
    const auto [code, text] = printed([&] { return list_letters(answers.api(), options); });
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 3);
    ASSERT_EQ(answers.asked.size(), 2U);
    EXPECT_EQ(answers.asked[0].first, "GET /admin/dead-letters/in.prediction.dlq");
    EXPECT_EQ(answers.asked[0].second, (Query{{"class", "MalformedJson"}, {"limit", "3"}}));
    EXPECT_EQ(answers.asked[1].second,
              (Query{{"class", "MalformedJson"}, {"cursor", "3:5"}, {"until", "3:9"}, {"limit", "1"}}));
}

TEST(DeadLetters, ThatAreNotThereAreSaidSo) {
    Answers none({page(R"("letters":[])", true), page(R"("letters":[])", true), page(R"("letters":[])", true)});
    EXPECT_EQ(printed([&] { return list_letters(none.api(), {}); }).text, "No dead letters.\n");
    EXPECT_EQ(printed([&] {
                  return list_letters(none.api(), {.query = {{"stage", "json"}}});
              }).text,
              "No dead letters that are asked for.\n");
}

TEST(DeadLetters, OfOtherClassesAreNamedWhereNoneIsOfTheWantedOne) {
    Answers answers({page(R"("letters":[])", true), page(R"("letters":[)" + letter(1) + "," + letter(2) + "]", true)});
    EXPECT_EQ(printed([&] {
                  return list_letters(answers.api(), {.query = {{"class", "MalformedJsn"}, {"from", "2h"}}});
              }).text,
              "No dead letters that are asked for.\n"
              "Of other classes there are: MalformedJson.\n"
              "Of other stages there are: json.\n");
    EXPECT_EQ(answers.asked[1].second, (Query{{"from", "2h"}, {"limit", "5000"}}));
}

TEST(DeadLetters, TopicsAreNamedWholeOrByTheirRole) {
    Answers answers({}, R"([{"topic":"a.archive.dlq"},{"topic":"b.archive.dlq"}])");
    const auto list = [&](const std::string& name) { list_letters(answers.api(), {.topics = {name}}); };
    EXPECT_THAT([&] { list("a.archive.dlq"); }, ThrowsMessage<std::runtime_error>("no more answers"));
    EXPECT_THAT([&] { list("archive"); },
                ThrowsMessage<std::runtime_error>("there are several topics of dead letters of archive; those there "
                                                  "are: a.archive.dlq, b.archive.dlq"));
    EXPECT_THAT([&] { list("c.archive.dlq"); }, ThrowsMessage<std::runtime_error>(HasSubstr("\"c.archive.dlq\", nor")));
}

TEST(DeadLetters, AreShownWhole) {
    auto whole = letter(1);
    whole.pop_back();
    whole += R"(,"headers":[{"key":"request-id","value":"r"}],"schema_id":7,"value":{"a":2.0}})";
    Answers answers({whole});
    const auto [code, text] = printed([&] { return show_letter(answers.api(), "prediction", "3:1", false); });
    EXPECT_EQ(code, 0);
    EXPECT_EQ(answers.asked[0].first, "GET /admin/dead-letters/in.prediction.dlq/3/1");
    EXPECT_THAT(text, HasSubstr("letter     in.prediction.dlq 3:1\n"));
    EXPECT_THAT(text, HasSubstr("record     in 1:7\n"));
    EXPECT_THAT(text, HasSubstr("header     request-id = r\n"));
    EXPECT_THAT(text, HasSubstr("value      {\"a\":2.0}\n"));
}

TEST(DeadLetters, ReplaySaysWhatItDid) {
    Answers answers({replayed(2, R"({"replayed":1,"returned":0,"stub":1})", R"(["0:4"])", false),
                     replayed(1, R"({"replayed":1,"returned":3,"stub":0})", "[]", true)});
    const auto [code, text] = printed([&] { return replay_letters(answers.api(), {.topics = {"prediction"}}); });
    EXPECT_EQ(code, 0);
    EXPECT_EQ(text,
              "replayed 3 letters of in.prediction.dlq: 3 MalformedJson\n"
              "  2 letters left out: replayed before (--again replays them once more)\n"
              "  3 letters left out: came back after a replay (--returned replays them)\n"
              "  1 letter can't be replayed: too large to have come along whole:\n"
              "    0:4\n");
    EXPECT_EQ(answers.asked[0].first, "POST /admin/dead-letters/in.prediction.dlq/replay");
}

TEST(DeadLetters, DryRunsSayWhatTheyWouldDo) {
    Answers answers({replayed(1, nothing_skipped, "[]", true),
                     page(R"("dropped":2,"classes":{"MalformedJson":1,"NullValue":1})", true)});
    const LetterOptions options{.topics = {"prediction"}, .query = {{"dry_run", "true"}}};
    EXPECT_EQ(printed([&] { return replay_letters(answers.api(), options); }).text,
              "would replay 1 letter of in.prediction.dlq: 1 MalformedJson\n");
    EXPECT_EQ(printed([&] { return drop_letters(answers.api(), options); }).text,
              "would drop 2 letters of in.prediction.dlq: 1 MalformedJson, 1 NullValue\n");
    for (const auto& [call, query] : answers.asked) EXPECT_EQ(query.at("dry_run"), "true") << call;
}

TEST(DeadLetters, WhatWasDoneIsSaidWhateverEndsIt) {
    Answers answers({replayed(2, nothing_skipped, "[]", false)});
    testing::internal::CaptureStdout();
    EXPECT_THROW(replay_letters(answers.api(), {.topics = {"prediction"}}), std::runtime_error);
    EXPECT_EQ(testing::internal::GetCapturedStdout(),
              "replayed 2 letters of in.prediction.dlq: 2 MalformedJson before that\n");
}

TEST(DeadLetters, OfOtherClassesAreNamedWhereNothingWasReplayedOrDropped) {
    const auto all = page(R"("letters":[)" + letter(1) + "]", true);
    Answers answers({replayed(0, nothing_skipped, "[]", true), all, page(R"("dropped":0,"classes":{})", true), all});
    const LetterOptions options{
        .topics = {"prediction"}, .query = {{"class", "Nope"}, {"dry_run", "true"}}, .limit = 7};
    const std::string there = "Of other classes there are: MalformedJson.\nOf other stages there are: json.\n";
    EXPECT_EQ(printed([&] { return replay_letters(answers.api(), options); }).text,
              "would replay 0 letters of in.prediction.dlq\n" + there);
    EXPECT_EQ(printed([&] { return drop_letters(answers.api(), options); }).text,
              "would drop 0 letters of in.prediction.dlq\n" + there);
    EXPECT_EQ(answers.asked[1].second, (Query{{"limit", "5000"}}));
}

TEST(DeadLetters, ListSaysThatThereAreMoreThanItsLimit) {
    Answers answers({page(R"("letters":[)" + letter(1) + "]", false)});
    EXPECT_THAT(printed([&] { return list_letters(answers.api(), {.topics = {"prediction"}, .limit = 1}); }).text,
                testing::EndsWith("1 letter, and there are more (--limit)\n"));
}

TEST(DeadLetters, ReplayTriesAgainWhileTheStreamIsAwayButNeverAgainWhatWasReplayed) {
    testing::internal::CaptureStderr();
    Answers away({replayed(1, nothing_skipped, "[]", true)});
    away.failures = 1;
    EXPECT_EQ(printed([&] { return replay_letters(away.api(), {.topics = {"prediction"}}); }).code, 0);
    EXPECT_EQ(away.asked.size(), 2U);
    Answers again({});
    again.failures = 1;
    EXPECT_THROW(replay_letters(again.api(), {.topics = {"prediction"}, .query = {{"again", "true"}}}), Unavailable);
    EXPECT_EQ(again.asked.size(), 1U);
    EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("nearline dlq: it is away; trying again\n"));
}

}  // namespace
}  // namespace nearline::cli
