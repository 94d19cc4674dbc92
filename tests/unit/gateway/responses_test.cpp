#include "gateway/responses.hpp"

#include <gtest/gtest.h>

namespace nearline::gateway {
namespace {

const Uuid id = *Uuid::parse("6ba7b810-9dad-11d1-80b4-00c04fd430c8");
constexpr auto id_text = "6ba7b810-9dad-11d1-80b4-00c04fd430c8";

http::Response answered(int status) {
    Answer answer;
    answer.id = id;
    answer.status = status;
    answer.message = "why";
    answer.json = "{}";
    return answer_response(answer);
}

TEST(ResponsesTest, APredictionIsItsJsonAndAFailureAProblemWithItsStatus) {
    EXPECT_EQ(answered(200).status, 200);
    EXPECT_EQ(answered(200).body, "{}");
    for (const int status : {400, 422, 500, 503, 599}) EXPECT_EQ(answered(status).status, status);
    for (const int status : {0, 100, 204, 302, 600}) EXPECT_EQ(answered(status).status, 500) << "no failure's status";
    for (const int status : {200, 422}) {
        const auto response = answered(status);
        EXPECT_EQ(response.headers.find("X-Request-Id"), id_text);
        EXPECT_EQ(response.headers.find("Content-Location"), std::string("/predictions/") + id_text);
    }
}

TEST(ResponsesTest, WhatWasNotStoredSaysWhetherItIsCertain) {
    Ending ending;
    ending.kind = Ending::Kind::rejected;
    ending.reason = "no leader";
    EXPECT_EQ(not_stored(ending, id).status, 503);
    EXPECT_NE(not_stored(ending, id).detail.find("no leader"), std::string::npos);
    EXPECT_TRUE(not_stored(ending, id).retry_after);
    ending.too_large = true;
    EXPECT_EQ(not_stored(ending, id).status, 413);
    EXPECT_FALSE(not_stored(ending, id).retry_after) << "a repeat won't help";
    ending = {};
    ending.kind = Ending::Kind::unknown;
    const auto unknown = not_stored(ending, id);
    EXPECT_EQ(unknown.status, 504);
    EXPECT_EQ(unknown.request_id, id_text);
    EXPECT_NE(unknown.detail.find("Idempotency-Key"), std::string::npos);
}

TEST(ResponsesTest, AcceptedTellsWhereAndWhenToAsk) {
    const auto response = accepted_response(id, "/predictions/x");
    EXPECT_EQ(response.status, 202);
    EXPECT_EQ(response.headers.find("Location"), "/predictions/x");
    EXPECT_EQ(response.headers.find("Retry-After"), "1");
    EXPECT_NE(response.body.find("\"location\":\"/predictions/x\""), std::string::npos);
}

}  // namespace
}  // namespace nearline::gateway
