#include "prediction/repeats.hpp"

#include <gtest/gtest.h>

#include "worker_fixture.hpp"

namespace nearline::prediction {
namespace {

using namespace std::chrono_literals;

const Uuid model = Uuid::hash_based({"model"});

RequestContext request(const std::string& id, const std::string& digest = "digest") {
    RequestContext made;
    made.id = Uuid::hash_based({id});
    made.body_digest = digest;
    return made;
}

TEST(RepeatsTest, ARepeatHasTheTimeOfTheFirst) {
    Repeats repeats(10);
    EXPECT_EQ(repeats.created_at(request("a"), model, "1"), "1");
    EXPECT_EQ(repeats.created_at(request("b"), model, "2"), "2");
    EXPECT_EQ(repeats.created_at(request("a"), model, "3"), "1");
}

TEST(RepeatsTest, AnotherModelIsNoRepeat) {
    Repeats repeats(10);
    repeats.created_at(request("a"), model, "1");
    EXPECT_EQ(repeats.created_at(request("a"), Uuid::hash_based({"newer"}), "2"), "2");
    EXPECT_EQ(repeats.created_at(request("a"), Uuid::hash_based({"newer"}), "3"), "2");
    EXPECT_EQ(repeats.size(), 1U);
}

TEST(RepeatsTest, AnotherBodyIsRefusedAndTheFirstStays) {
    Repeats repeats(10);
    repeats.created_at(request("a"), model, "1");
    EXPECT_EQ(repeats.created_at(request("a", "other"), model, "2"), std::nullopt);
    EXPECT_EQ(repeats.created_at(request("a", "other"), Uuid::hash_based({"newer"}), "3"), std::nullopt);
    EXPECT_EQ(repeats.created_at(request("a"), model, "4"), "1");
    EXPECT_EQ(repeats.size(), 1U);
}

TEST(RepeatsTest, WithoutADigestNobodyKnowsThatTheBodyIsAnother) {
    Repeats repeats(10);
    repeats.created_at(request("a", ""), model, "1");
    EXPECT_EQ(repeats.created_at(request("a", ""), model, "2"), "1");
    EXPECT_EQ(repeats.created_at(request("a"), model, "3"), "3");
}

TEST(RepeatsTest, RemembersSoManyAndNoMore) {
    Repeats repeats(2);
    for (const auto* id : {"a", "b", "c"}) repeats.created_at(request(id), model, "1");
    EXPECT_EQ(repeats.size(), 2U);
    EXPECT_EQ(repeats.created_at(request("c"), model, "2"), "1");
    EXPECT_EQ(repeats.created_at(request("b"), model, "2"), "1");
    EXPECT_EQ(repeats.created_at(request("a"), model, "2"), "2");
}

TEST_F(WorkerTest, CopiesOfARequestAreAnsweredAlike) {
    const auto id = new_id();
    auto copy = WorkerTest::request(setosa, {{"request-id", id}, {"reply-partition", "1"}});
    copy.key = id;
    stream_.append("input-topic", 0, copy);
    start();
    ASSERT_TRUE(wait_for_answers(1));
    std::this_thread::sleep_for(1ms);
    stream_.append("input-topic", 0, copy);
    auto unlike = WorkerTest::request(setosa, {{"request-id", id}});
    unlike.key = "of another client";
    stream_.append("input-topic", 0, unlike);
    ASSERT_TRUE(wait_for_answers(3));
    const auto all = answers();
    EXPECT_EQ(all[0].record.value, all[1].record.value);
    EXPECT_NE(all[0].record.value, all[2].record.value) << "its key says nothing";
}

TEST_F(WorkerTest, AnotherBodyUnderTheSameKeyIsRefused) {
    const auto id = new_id();
    auto first = WorkerTest::request(setosa, {{"request-id", id}, {"body-digest", std::string(64, 'a')}});
    auto second = WorkerTest::request(setosa, {{"request-id", id}, {"body-digest", std::string(64, 'b')}});
    first.key = second.key = id;
    stream_.append("input-topic", 0, first);
    stream_.append("input-topic", 0, second);
    start();
    ASSERT_TRUE(wait_for_answers(2));
    EXPECT_EQ(json_of(answers()[0]).at("status"), 200);
    EXPECT_EQ(json_of(answers()[1]).at("status"), 422);
    EXPECT_EQ(json_of(answers()[1]).at("message"),
              "this Idempotency-Key was used for a request with another body: "
              "a new request needs a new key");
    EXPECT_EQ(dead_letters().size(), 1U);
}

}  // namespace
}  // namespace nearline::prediction
