#include "gateway/page.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <gtest/gtest.h>

#include "token/base64url.hpp"

namespace nearline::gateway {
namespace {

const Uuid id = *Uuid::parse("6ba7b810-9dad-11d1-80b4-00c04fd430c8");
const PageCursor cursor{"2022-12-29 00:07:11.830677", id};

ArchivedPrediction archived(int number) {
    ArchivedPrediction made;
    made.id = Uuid::hash_based({std::to_string(number)});
    made.prediction.features = {{"sepal_length", 2.0}};
    made.prediction.prediction = "setosa";
    made.prediction.created_at = "2022-12-29 00:07:11.83067" + std::to_string(number);
    made.prediction.message = "Success";
    return made;
}

std::vector<std::string> wrong_parameters(const std::map<std::string, std::string>& query) {
    const auto parsed = parse_page_query(query);
    std::vector<std::string> names;
    if (parsed) return names;
    EXPECT_EQ(parsed.error().status, 400);
    for (const auto& error : parsed.error().errors) names.push_back(error.pointer);
    return names;
}

TEST(PageQueryTest, WithoutParametersItIsTheFirstHundred) {
    const auto query = parse_page_query({});
    ASSERT_TRUE(query);
    EXPECT_EQ(query->limit, 100);
    EXPECT_FALSE(query->after);
}

TEST(PageQueryTest, LimitIsAWholeNumberFromOneToAThousand) {
    for (const int limit : {1, 7, 1000}) EXPECT_EQ(parse_page_query({{"limit", std::to_string(limit)}})->limit, limit);
    for (const auto* limit : {"0", "-1", "1001", "", " 1", "1 ", "+1", "1.5", "1e2", "ten", "99999999999999999999"}) {
        EXPECT_EQ(wrong_parameters({{"limit", limit}}), std::vector<std::string>{"/limit"}) << limit;
    }
    const auto refused = parse_page_query({{"limit", "1001"}});
    EXPECT_NE(refused.error().errors.at(0).detail.find("1 to 1000"), std::string::npos);
}

TEST(PageQueryTest, NamesAllThatIsWrongAtOnce) {
    EXPECT_EQ(wrong_parameters({{"limit", "0"}, {"after", "x"}, {"afer", "y"}}),
              (std::vector<std::string>{"/afer", "/after", "/limit"}));
}

TEST(PageCursorTest, ComesBackAsItWas) {
    const auto text = to_text(cursor);
    EXPECT_EQ(text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
              std::string::npos);
    EXPECT_EQ(parse_page_cursor(text), cursor);
    EXPECT_EQ(parse_page_query({{"after", text}})->after, cursor);
}

TEST(PageCursorTest, WhatWasTamperedWithIsNone) {
    const auto text = to_text(cursor);
    EXPECT_FALSE(parse_page_cursor(""));
    EXPECT_FALSE(parse_page_cursor(text + "A"));
    EXPECT_FALSE(parse_page_cursor(text.substr(1)));
    EXPECT_FALSE(parse_page_cursor(text.substr(0, text.size() - 1) + "="));
    EXPECT_FALSE(parse_page_cursor(std::string(text.size(), 'A'))) << "another version";
    EXPECT_FALSE(parse_page_cursor(std::string(1 << 20, 'A')));
    // Whatever one letter becomes, it is refused, or is a cursor again that says something else.
    for (std::size_t at = 0; at < text.size(); ++at) {
        for (const char letter : {'A', 'z', '0', '-', '_', '=', '%', '\0'}) {
            if (text[at] == letter) continue;
            auto changed = text;
            changed[at] = letter;
            const auto parsed = parse_page_cursor(changed);
            if (!parsed) continue;
            EXPECT_NE(*parsed, cursor) << at << letter;
            EXPECT_TRUE(parse_created_at(parsed->created_at)) << at << letter;
        }
    }
}

TEST(PageTest, HasIdsInFrontOfTheTenFields) {
    const auto page = make_page({archived(2), archived(1)}, 2);
    EXPECT_FALSE(page.next) << "there is no more";
    const auto items = boost::json::parse(page.json).at("predictions").as_array();
    ASSERT_EQ(items.size(), 2U);
    EXPECT_EQ(page.json.substr(0, 27), R"({"predictions":[{"id":")" + archived(2).id.to_string().substr(0, 4));
    EXPECT_EQ(items[1].at("id").as_string(), archived(1).id.to_string());
    EXPECT_EQ(items[1].at("created_at").as_string(), archived(1).prediction.created_at);
    EXPECT_EQ(page_response(page, 2).body, page.json);
    EXPECT_FALSE(page_response(page, 2).headers.find("Link"));
}

TEST(PageTest, OfNothingIsAnEmptyArray) {
    EXPECT_EQ(make_page({}, 10).json, R"({"predictions":[]})");
    EXPECT_FALSE(make_page({}, 10).next);
}

TEST(PageTest, WithMoreToComeLinksToTheNext) {
    const auto page = make_page({archived(3), archived(2), archived(1)}, 2);
    EXPECT_EQ(boost::json::parse(page.json).at("predictions").as_array().size(), 2U);
    const PageCursor last{archived(2).prediction.created_at, archived(2).id};
    EXPECT_EQ(page.next, last);
    const auto response = page_response(page, 2);
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.headers.find("Link"), "</predictions?limit=2&after=" + to_text(last) + ">; rel=\"next\"");
}

TEST(PageTest, OfLargePredictionsHasFewer) {
    auto large = archived(3);
    large.prediction.message.assign(most_page_bytes, 'x');
    const auto page = make_page({large, archived(2)}, 10);
    EXPECT_EQ(boost::json::parse(page.json).at("predictions").as_array().size(), 1U);
    EXPECT_EQ(page.next, (PageCursor{large.prediction.created_at, large.id}));
    EXPECT_FALSE(make_page({large}, 10).next);
}

}  // namespace
}  // namespace nearline::gateway
