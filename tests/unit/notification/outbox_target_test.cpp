// What of the output topic goes into the outbox.

#include "notification/outbox_target.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "domain/problem.hpp"
#include "domain/time.hpp"
#include "notification/outbox_impl.hpp"
#include "schema/builtin_schemas.hpp"
#include "support/scripted_registry.hpp"
#include "support/temp_dir.hpp"

namespace nearline::notification {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::int64_t now_ms() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(wall_now().time_since_epoch()).count();
}

class TargetTest : public ::testing::Test {
protected:
    TargetTest() {
        options_.retry_topic = "output-topic.notification.retry";
        options_.on_added = [this](std::size_t users) { rings_.push_back(users); };
        EXPECT_TRUE(codec_.connect());
    }
    OutboxTarget target() { return {*outbox_, codec_, options_, counters_, health_}; }
    std::vector<stream::SinkTarget::Refused> write(const std::vector<stream::ConsumedRecord>& records) {
        auto made = target();
        made.prepare();
        return made.write(records, "cluster");
    }
    stream::ConsumedRecord record(int status = 200, const std::optional<Uuid>& user = Uuid::random(),
                                  const std::string& created_at = "2022-12-29 00:07:11.830677") {
        stream::ConsumedRecord made;
        made.at = {"output-topic", 1};
        made.offset = ++offset_;
        made.timestamp = now_ms();
        made.value = codec_.encode(
            R"({"sepal_length":5.1,"sepal_width":3.5,"petal_length":1.4,"petal_width":0.2,"status":)" +
            std::to_string(status) + R"(,"model_id":null,"prediction":)" + (status == 200 ? R"("setosa")" : "null") +
            R"(,"model_type":null,"created_at":")" + created_at + R"(","message":"m"})");
        made.headers = {{"request-id", Uuid::random().to_string()}};
        if (user) made.headers.push_back({"user", user->to_string()});
        return made;
    }
    std::size_t waiting() { return outbox_->totals().waiting; }

    test::TempDir dir_;
    Metrics metrics_;
    Health health_{metrics_};
    NotificationMetrics counters_{metrics_};
    test::ScriptedRegistry registry_;
    schema::TopicCodec codec_{registry_, {.topic = "output-topic", .schema = std::string(schema::iris_output())}};
    std::unique_ptr<Outbox> outbox_ = make_sqlite_outbox(dir_ / "users.db");
    OutboxTarget::Options options_;
    std::vector<std::size_t> rings_;
    std::int64_t offset_ = 0;
};

TEST_F(TargetTest, TakesPredictionsOfUsersIn) {
    const Uuid user = Uuid::random();
    EXPECT_THAT(write({record(200, user), record(200, user), record()}), IsEmpty());
    EXPECT_EQ(3U, waiting());
    EXPECT_THAT(rings_, ElementsAre(2U)) << "of two users";
}

TEST_F(TargetTest, WrittenTwiceIsWrittenOnce) {
    const std::vector records{record(), record()};
    write(records);
    write(records);
    EXPECT_EQ(2U, waiting());
    auto outside = record();
    outside.headers.erase(outside.headers.begin());  // its id is made of its place
    write({outside});
    write({outside});
    EXPECT_EQ(3U, waiting());
}

TEST_F(TargetTest, LeavesOutWhatNobodyIsMailedOf) {
    auto old = record();
    old.timestamp -= std::chrono::milliseconds(options_.max_age).count() + 1'000;
    auto junk = record();
    junk.headers = {{"user", "not a uuid"}};
    EXPECT_THAT(write({record(422), record(200, std::nullopt), junk, old}), IsEmpty());
    EXPECT_EQ(0U, waiting());
    EXPECT_THAT(rings_, IsEmpty());
    EXPECT_EQ(1, counters_.failures.value());
    EXPECT_EQ(2, counters_.without_user.value());
    EXPECT_EQ(1, counters_.too_old.value());
}

TEST_F(TargetTest, ALetterThatIsTriedAgainMayBeOld) {
    auto old = record();
    old.timestamp -= std::chrono::milliseconds(options_.max_age).count() + 1'000;
    old.at.topic = options_.retry_topic;
    write({old});
    EXPECT_EQ(1U, waiting());
}

TEST_F(TargetTest, ARecordWithoutATimeIsAsOldAsItsPrediction) {
    const auto created = wall_now() - 5min;
    auto fresh = record(200, Uuid::random(), to_created_at(created));
    fresh.timestamp = -1;
    auto old = record();
    old.timestamp = -1;
    write({fresh, old});
    EXPECT_EQ(1, counters_.too_old.value());
    const auto claim = outbox_->claim(60s);
    ASSERT_TRUE(claim);
    const auto mail = outbox_->compose(*claim, 1, false, {}, 60s);
    EXPECT_EQ(std::chrono::floor<std::chrono::milliseconds>(created.time_since_epoch()).count(),
              mail.entries.at(0).record.timestamp);
}

TEST_F(TargetTest, RefusesWhatIsNoPrediction) {
    auto poison = record();
    poison.value = "no frame";
    auto none = record();
    none.value.reset();
    const auto refused = write({record(), poison, none, record()});
    ASSERT_EQ(2U, refused.size());
    EXPECT_EQ(1U, refused[0].index);
    EXPECT_EQ(2U, refused[1].index);
    EXPECT_EQ(2U, waiting());
}

TEST_F(TargetTest, SwitchedOffItTakesNothing) {
    options_.is_off = true;
    auto poison = record();
    poison.value = "no frame";
    EXPECT_THAT(write({record(), poison}), IsEmpty());
    EXPECT_EQ(0U, waiting());
    EXPECT_EQ(2, counters_.switched_off.value());
}

TEST_F(TargetTest, SaysWhatIsAway) {
    schema::TopicCodec fresh(registry_, {.topic = "output-topic", .schema = std::string(schema::iris_output())});
    OutboxTarget target(*outbox_, fresh, options_, counters_, health_);
    const std::vector records{record()};
    registry_.away(true);
    EXPECT_THROW(target.write(records, "cluster"), Unavailable);
    EXPECT_TRUE(health_.missing().contains("schema registry"));
    registry_.away(false);
    EXPECT_THROW(target.write(records, "cluster"), Unavailable) << "the outbox is not prepared";
    EXPECT_FALSE(health_.missing().contains("schema registry"));
    EXPECT_TRUE(health_.missing().contains("users database"));
    target.prepare();
    target.write(records, "cluster");
    EXPECT_THAT(health_.missing(), IsEmpty());
}

}  // namespace
}  // namespace nearline::notification
