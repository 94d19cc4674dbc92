// From records of the output topic to documents.

#include "archive/archiver.hpp"

#include <gtest/gtest.h>

#include "domain/problem.hpp"
#include "places.hpp"
#include "schema/builtin_schemas.hpp"
#include "schema/framing.hpp"
#include "stream/request_context.hpp"
#include "support/scripted_registry.hpp"

namespace nearline::archive {
namespace {

constexpr const char* answer =
    R"({"sepal_length":5.2,"sepal_width":3.6,"petal_length":1.5,"petal_width":0.3,"status":200,)"
    R"("model_id":"859add87-f9b3-5ca8-a58b-b838e4ecd3fd","prediction":"setosa",)"
    R"("model_type":"LogisticRegressionModel","created_at":"2026-01-02 03:04:05.678901","message":"Success"})";
constexpr std::int64_t day = 24L * 3'600'000;

class ArchiverTest : public ::testing::Test {
protected:
    void open(Retention keep = std::nullopt) {
        codec_ = std::make_unique<schema::TopicCodec>(
            registry_, schema::TopicCodec::Options{.topic = "output-topic",
                                                   .schema = std::string(schema::iris_output()),
                                                   .unknown_id_patience = std::chrono::milliseconds(0)});
        ASSERT_TRUE(codec_->connect());
        store_ = place_.open(keep);
        archiver_ = std::make_unique<Archiver>(
            *store_, *codec_, Archiver::Options{.keep = keep, .retry_topic = "output-topic.archive.retry"}, metrics_,
            health_);
        archiver_->prepare();
    }

    stream::ConsumedRecord record(std::optional<std::string> value, std::vector<stream::Header> headers,
                                  std::int64_t age = 0) {
        stream::ConsumedRecord made;
        made.value = std::move(value);
        made.headers = std::move(headers);
        made.at = {"output-topic", 1};
        made.offset = next_++;
        made.timestamp = now_ms() - age;
        return made;
    }
    stream::ConsumedRecord answered(const Uuid& id, std::int64_t age = 0) {
        return record(codec_->encode(answer), {{"request-id", id.to_string()}}, age);
    }
    double count(const std::string& outcome) {
        return metrics_.counter("nearline_archive_records_total", "", {{"outcome", outcome}}).value();
    }

    SqlitePlace place_;
    test::ScriptedRegistry registry_;
    Metrics metrics_;
    Health health_{metrics_};
    std::unique_ptr<schema::TopicCodec> codec_;
    std::unique_ptr<ArchiveStore> store_;
    std::unique_ptr<Archiver> archiver_;
    std::int64_t next_ = 0;
};

TEST_F(ArchiverTest, TakesIdUserAndDigestFromTheHeaders) {
    open();
    const auto id = Uuid::random();
    const auto user = Uuid::random();
    const std::string digest(64, 'b');
    const std::vector records{
        record(codec_->encode(answer),
               {{"request-id", id.to_string()}, {"user", user.to_string()}, {"body-digest", digest}, {"other", "x"}})};
    EXPECT_TRUE(archiver_->write(records, "cluster").empty());
    const auto found = place_.reader()->find(id);
    ASSERT_TRUE(found);
    EXPECT_EQ(user, found->user);
    EXPECT_EQ(digest, found->body_digest);
    EXPECT_EQ(answer, to_json(found->prediction));
    EXPECT_EQ(1, count("prediction"));
}

TEST_F(ArchiverTest, RecordsWithoutAnIdGetOneOfTheirPlace) {
    open();
    const std::vector records{record(codec_->encode(answer), {}), record(codec_->encode(answer), {})};
    EXPECT_TRUE(archiver_->write(records, "cluster").empty());
    EXPECT_TRUE(archiver_->write(records, "cluster").empty());
    const auto id = stream::read_request_headers(records[0], "cluster").context.id;
    EXPECT_TRUE(place_.reader()->find(id));
    EXPECT_NE(id, stream::read_request_headers(records[1], "cluster").context.id);
}

TEST_F(ArchiverTest, WhatIsNoPredictionIsRefusedAndTheRestStored) {
    open();
    const auto id = Uuid::random();
    std::string no_date = answer;
    no_date.replace(no_date.find("2026-01-02"), 10, "2026-13-42");
    std::string endless = answer;
    endless.replace(endless.find("0.3"), 3, "1e999");
    const std::vector records{record("no frame", {}),
                              answered(id),
                              record(std::nullopt, {}),
                              record(codec_->encode(R"({"status":"x"})"), {}),
                              record(codec_->encode(no_date), {}),
                              record(codec_->encode(endless), {})};
    const auto refused = archiver_->write(records, "cluster");
    ASSERT_EQ(5U, refused.size());
    EXPECT_EQ(0U, refused[0].index);
    EXPECT_EQ(2U, refused[1].index);
    EXPECT_EQ(3U, refused[2].index);
    EXPECT_EQ(4U, refused[3].index);
    EXPECT_EQ("NoPrediction", refused[3].reason.class_name);
    EXPECT_EQ("NoPrediction", refused[4].reason.class_name);
    EXPECT_EQ("petal_width is larger than a double can hold", refused[4].reason.message);
    EXPECT_TRUE(place_.reader()->find(id));
}

TEST_F(ArchiverTest, WhatIsPastTheRetentionIsNotBroughtBack) {
    open(std::chrono::hours(24));
    const auto old = Uuid::random();
    const auto young = Uuid::random();
    EXPECT_TRUE(archiver_->write(std::vector{answered(old, 2 * day), answered(young, day / 2)}, "cluster").empty());
    EXPECT_FALSE(place_.reader()->find(old));
    EXPECT_TRUE(place_.reader()->find(young));
    EXPECT_EQ(1, count("expired"));
}

TEST_F(ArchiverTest, AReplayedLetterIsAsOldAsItsPrediction) {
    const auto id = Uuid::random();
    const auto replayed = [&] {
        auto made = answered(id);
        made.at.topic = "output-topic.archive.retry";
        return std::vector{made};
    };
    open(std::chrono::hours(24));
    EXPECT_TRUE(archiver_->write(replayed(), "cluster").empty());
    EXPECT_FALSE(place_.reader()->find(id)) << "of 2026-01-02, though the replay is of now";
    EXPECT_EQ(1, count("expired"));
    open();
    EXPECT_TRUE(archiver_->write(replayed(), "cluster").empty());
    EXPECT_TRUE(place_.reader()->find(id));
}

TEST_F(ArchiverTest, ARecordWithoutATimeIsAsOldAsItsPrediction) {
    const auto id = Uuid::random();
    auto timeless = [&] {
        auto made = answered(id);
        made.timestamp = -1;
        return std::vector{made};
    };
    open(std::chrono::hours(24));
    EXPECT_TRUE(archiver_->write(timeless(), "cluster").empty());
    EXPECT_FALSE(place_.reader()->find(id)) << "of 2026-01-02";
    EXPECT_EQ(1, count("expired"));
    open();
    EXPECT_TRUE(archiver_->write(timeless(), "cluster").empty());
    EXPECT_TRUE(place_.reader()->find(id));
}

TEST_F(ArchiverTest, WaitsForTheRegistryAndSaysSo) {
    open();
    // Of another id, so that the registry has to be asked.
    const std::vector records{record(schema::frame(77, answer), {})};
    registry_.away(true);
    EXPECT_THROW(archiver_->write(records, "cluster"), Unavailable);
    EXPECT_EQ(1U, health_.missing().count("schema registry"));
    registry_.away(false);
    EXPECT_EQ(1U, archiver_->write(records, "cluster").size()) << "now it can say that there is no such schema";
    EXPECT_TRUE(health_.missing().empty());
}

}  // namespace
}  // namespace nearline::archive
