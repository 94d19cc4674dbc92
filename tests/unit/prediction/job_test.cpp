#include "prediction/job.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nearline::prediction {
namespace {

using stream::Delivery;
using Step = Job::Step;
using testing::IsSupersetOf;

stream::ConsumedRecord source() {
    stream::ConsumedRecord record;
    record.key = "key";
    record.value = "value";
    record.headers = {{"request-id", "c1fe5c45-9f27-4a9c-8a5c-0c3f0a1f7f11"}, {"color", "blue"}};
    record.at = {"input-topic", 3};
    record.offset = 41;
    record.timestamp = 1'700'000'000'000;
    return record;
}

const stream::Position place{{"input-topic", 3}, 41};
const Rejection reason{.stage = "json", .class_name = "MalformedJson", .message = "why", .status = 400};
const Delivery stored{.outcome = Delivery::Outcome::stored};
const Delivery rejected{.outcome = Delivery::Outcome::rejected, .reason = "no leader"};
const Delivery unknown{.outcome = Delivery::Outcome::unknown, .reason = "timed out"};
const Delivery too_large{.outcome = Delivery::Outcome::rejected, .reason = "too large", .too_large = true};

class JobTest : public testing::Test {
protected:
    Job job_{place, source(), stream::read_request_headers(source(), "cluster")};
};

TEST_F(JobTest, EndsWithItsAnswer) {
    job_.answer_with("framed");
    const auto record = job_.record_for(job_.answer);
    EXPECT_EQ(record.key, "key");
    EXPECT_EQ(record.value, "framed");
    EXPECT_TRUE(job_.is_awaited());
    EXPECT_EQ(job_.on_delivery(job_.answer, stored), Step::ended);
    EXPECT_FALSE(job_.is_awaited());
}

TEST_F(JobTest, EndsWhenItIsOnTheRetryTopic) {
    job_.defer();
    EXPECT_TRUE(job_.is_awaited());
    const auto record = job_.record_for(job_.deferral);
    EXPECT_EQ(record.value, "value");
    EXPECT_EQ(record.headers.size(), 6U) << "its own, and where it was";
    EXPECT_EQ(job_.on_delivery(job_.deferral, unknown), Step::again);
    job_.deferral.state = Outlet::State::sent;
    EXPECT_EQ(job_.on_delivery(job_.deferral, stored), Step::ended);
    EXPECT_TRUE(job_.is_deferred());
}

TEST_F(JobTest, EndsOtherwiseWhereTheRetryTopicFindsItTooLarge) {
    job_.defer();
    EXPECT_EQ(job_.on_delivery(job_.deferral, too_large), Step::too_large);
    EXPECT_FALSE(job_.is_deferred());
    job_.answer_with("framed");
    EXPECT_EQ(job_.on_delivery(job_.answer, stored), Step::ended);
}

TEST_F(JobTest, SendsTheSameAnswerAgainUntilItIsCertainlyStored) {
    job_.answer_with("framed");
    const auto first = job_.record_for(job_.answer);
    EXPECT_EQ(job_.on_delivery(job_.answer, rejected), Step::again);
    EXPECT_FALSE(job_.is_awaited());
    EXPECT_TRUE(job_.answer.has_failed);
    EXPECT_EQ(job_.record_for(job_.answer), first);
    job_.answer.state = Outlet::State::sent;
    EXPECT_EQ(job_.on_delivery(job_.answer, unknown), Step::again);
    job_.answer.state = Outlet::State::sent;
    EXPECT_EQ(job_.on_delivery(job_.answer, stored), Step::ended);
    EXPECT_FALSE(job_.answer.has_failed);
}

TEST_F(JobTest, ARejectionEndsWhenDeadLetterAndFailureAreStored) {
    for (const bool letter_first : {true, false}) {
        Job job(place, source(), stream::read_request_headers(source(), "cluster"));
        job.reject(reason, "failure");
        auto& first = letter_first ? job.dead_letter : job.answer;
        auto& second = letter_first ? job.answer : job.dead_letter;
        EXPECT_EQ(job.on_delivery(first, stored), Step::none);
        EXPECT_TRUE(job.is_awaited());
        EXPECT_EQ(job.on_delivery(second, unknown), Step::again);
        second.state = Outlet::State::sent;
        EXPECT_EQ(job.on_delivery(second, stored), Step::ended);
    }
}

TEST_F(JobTest, AFailedOutletKeepsTheJobOpen) {
    job_.reject(reason, "failure");
    EXPECT_EQ(job_.on_delivery(job_.dead_letter, rejected), Step::again);
    EXPECT_EQ(job_.on_delivery(job_.answer, stored), Step::none) << "the dead letter is not stored";
}

TEST_F(JobTest, WithoutAWaiterTheDeadLetterIsAll) {
    job_.reject(reason, std::nullopt);
    EXPECT_EQ(job_.on_delivery(job_.dead_letter, stored), Step::ended);
}

TEST_F(JobTest, TheDeadLetterHasTheRecordAsItWas) {
    job_.reject(reason, std::nullopt);
    const auto letter = job_.record_for(job_.dead_letter);
    EXPECT_EQ(letter.key, "key");
    EXPECT_EQ(letter.value, "value");
    EXPECT_EQ(letter.headers[1], (stream::Header{"color", "blue"}));
    EXPECT_EQ(stream::find_header(letter, "__connect.errors.class.name"), "MalformedJson");
    EXPECT_EQ(stream::find_header(letter, "__connect.errors.offset"), "41");
}

TEST_F(JobTest, ADeadLetterThatIsTooLargeGetsSmaller) {
    job_.reject(reason, std::nullopt);
    EXPECT_EQ(job_.on_delivery(job_.dead_letter, too_large), Step::smaller);
    const auto small = job_.record_for(job_.dead_letter);
    EXPECT_EQ(small.value, std::nullopt);
    EXPECT_EQ(small.key, "key");
    EXPECT_EQ(stream::find_header(small, "color"), "blue");
    EXPECT_EQ(stream::find_header(small, "nearline.value.size"), "5");

    job_.dead_letter.state = Outlet::State::sent;
    EXPECT_EQ(job_.on_delivery(job_.dead_letter, too_large), Step::smaller);
    const auto smallest = job_.record_for(job_.dead_letter);
    EXPECT_EQ(smallest.key, std::nullopt);
    EXPECT_EQ(stream::find_header(smallest, "color"), std::nullopt);
    EXPECT_EQ(stream::find_header(smallest, "nearline.value.sha256"), sha256_hex("value"));
    EXPECT_EQ(stream::find_header(smallest, "__connect.errors.topic"), "input-topic");

    job_.dead_letter.state = Outlet::State::sent;
    EXPECT_EQ(job_.on_delivery(job_.dead_letter, too_large), Step::again) << "never dropped";
}

TEST_F(JobTest, AnAnswerThatIsTooLargeBecomesAFailureWithoutTheKey) {
    job_.answer_with("framed");
    EXPECT_EQ(job_.on_delivery(job_.answer, too_large), Step::too_large);
    EXPECT_FALSE(job_.is_awaited());
    job_.reject(reason, "failure");
    EXPECT_EQ(job_.record_for(job_.answer).key, std::nullopt);
    EXPECT_EQ(job_.record_for(job_.answer).value, "failure");
    EXPECT_EQ(job_.on_delivery(job_.answer, stored), Step::none);
    EXPECT_EQ(job_.on_delivery(job_.dead_letter, stored), Step::ended);
}

TEST_F(JobTest, AFailureThatIsTooLargeLosesItsKey) {
    job_.reject(reason, "failure");
    EXPECT_EQ(job_.record_for(job_.answer).key, "key");
    EXPECT_EQ(job_.on_delivery(job_.answer, too_large), Step::smaller);
    EXPECT_FALSE(job_.answer.state == Outlet::State::sent) << "nothing is under way until it is sent again";
    EXPECT_EQ(job_.record_for(job_.answer).key, std::nullopt);
}

TEST(JobPoolTest, RemovesInAnyOrder) {
    JobPool pool;
    std::vector<Job*> jobs;
    for (int i = 0; i < 5; ++i) {
        auto record = source();
        record.offset = i;
        jobs.push_back(&pool.add(place, std::move(record), {}));
    }
    pool.remove(*jobs[1]);
    pool.remove(*jobs[4]);
    pool.remove(*jobs[0]);
    ASSERT_EQ(pool.size(), 2U);
    std::vector<std::int64_t> left;
    for (const auto& job : pool.all()) left.push_back(job->source.offset);
    EXPECT_THAT(left, testing::UnorderedElementsAre(2, 3));
    pool.remove(*jobs[2]);
    pool.remove(*jobs[3]);
    EXPECT_EQ(pool.size(), 0U);
}

}  // namespace
}  // namespace nearline::prediction
