// What MySQL can't take for its size: one record is left out, the others go in.

#include <gmock/gmock.h>

#include "contract/outbox/fixture.hpp"
#include "notification/outbox_target.hpp"
#include "schema/builtin_schemas.hpp"
#include "support/scripted_registry.hpp"

namespace nearline::notification {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::size_t kib = 1'024;
constexpr std::size_t mib = 1'024 * kib;

Entry entry_of(const Uuid& user, std::size_t bytes) {
    Entry made = entry(user);
    made.record.value = std::string(bytes, 'x');
    return made;
}

class LargeRecords : public ::testing::Test {
protected:
    std::unique_ptr<Outbox> open(const std::string& options) {
        server_ = std::make_unique<test::MariadbServer>(options);
        auto outbox = make_mysql_outbox(test::test_mysql_options(server_->url()));
        outbox->prepare();
        return outbox;
    }

    std::unique_ptr<test::MariadbServer> server_;
    const Uuid ann_ = Uuid::random();
    const Uuid bob_ = Uuid::random();
};

TEST_F(LargeRecords, AreLeftOutAndTheOthersGoIn) {
    const auto outbox = open("--max-allowed-packet=256K");
    const auto refused =
        outbox->add(std::vector{entry_of(ann_, 100), entry_of(bob_, 600 * kib), entry_of(ann_, 250 * kib)});
    ASSERT_EQ(1U, refused.size());
    EXPECT_EQ(1U, refused[0].index);
    EXPECT_THAT(refused[0].reason, HasSubstr("262144"));
    EXPECT_EQ(2U, outbox->totals().waiting);
    EXPECT_EQ(ann_, outbox->claim(long_lease)->user);
    EXPECT_FALSE(outbox->claim(long_lease)) << "nothing waits for who had the large one alone";
}

TEST_F(LargeRecords, AreManyInOneBatchAndNoneTooLarge) {
    const auto outbox = open("--max-allowed-packet=256K");
    std::vector<Entry> many;
    many.reserve(200);
    for (int i = 0; i < 200; ++i) many.push_back(entry_of(ann_, 15'000));
    EXPECT_THAT(outbox->add(many), IsEmpty());
    EXPECT_EQ(200U, outbox->totals().waiting);
}

TEST_F(LargeRecords, AreNoneThatAColumnDoesNotHold) {
    const auto outbox = open("--max-allowed-packet=64M");
    const auto refused = outbox->add(std::vector{entry_of(ann_, 17 * mib), entry_of(ann_, 16 * mib - 1)});
    ASSERT_EQ(1U, refused.size());
    EXPECT_EQ(0U, refused[0].index);
    const auto claim = outbox->claim(long_lease);
    ASSERT_TRUE(claim);
    const auto mail = outbox->compose(*claim, 1, false, {}, long_lease);
    EXPECT_EQ(16 * mib - 1, mail.entries.at(0).record.value->size());
}

TEST_F(LargeRecords, GoToTheDeadLetters) {
    const auto outbox = open("--max-allowed-packet=256K");
    test::ScriptedRegistry registry;
    schema::TopicCodec codec(registry, {.topic = "output-topic", .schema = std::string(schema::iris_output())});
    ASSERT_TRUE(codec.connect());
    Metrics metrics;
    Health health(metrics);
    const NotificationMetrics counters(metrics);
    OutboxTarget target(*outbox, codec, {}, counters, health);
    const auto record = [&](std::size_t bytes) {
        stream::ConsumedRecord made = entry(ann_).record;
        made.value = codec.encode(
            R"({"sepal_length":5.1,"sepal_width":3.5,"petal_length":1.4,"petal_width":0.2,"status":200,"model_id":null,)"
            R"("prediction":"setosa","model_type":null,"created_at":"2022-12-29 00:07:11.830677","message":")" +
            std::string(bytes, 'm') + R"("})");
        made.headers.push_back({"request-id", Uuid::random().to_string()});
        return made;
    };
    auto poison = record(1);
    poison.value = "no frame";
    const std::vector records{poison, record(1), record(600 * kib), record(1)};
    const auto refused = target.write(records, "cluster");
    ASSERT_EQ(2U, refused.size());
    EXPECT_EQ(0U, refused[0].index);
    EXPECT_EQ(2U, refused[1].index);
    EXPECT_EQ("outbox", refused[1].reason.stage);
    EXPECT_EQ("EntryRefused", refused[1].reason.class_name);
    EXPECT_EQ(2U, outbox->totals().waiting);
    EXPECT_THAT(health.missing(), IsEmpty());
}

}  // namespace
}  // namespace nearline::notification
