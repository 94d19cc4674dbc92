#include "stream/request_context.hpp"

#include <gtest/gtest.h>
#include <set>

namespace nearline::stream {
namespace {

constexpr const char* id = "c1fe5c45-9f27-4a9c-8a5c-0c3f0a1f7f11";
constexpr const char* user = "0d6d1e58-6d9e-4b11-9d5f-6f0c9ef0b7aa";
const std::string digest(64, 'a');

ConsumedRecord record(std::vector<Header> headers) {
    ConsumedRecord made;
    made.key = "device-7";
    made.headers = std::move(headers);
    made.timestamp = 1'700'000'000'000;
    made.at = {"input-topic", 3};
    made.offset = 41;
    return made;
}

TEST(ReadHeaders, TakesThemAll) {
    const auto incoming =
        read_request_headers(record({{"request-id", id},
                                     {"user", user},
                                     {"reply-partition", "7"},
                                     {"body-digest", digest},
                                     {"traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}}),
                             "cluster");
    EXPECT_TRUE(incoming.has_request_id);
    EXPECT_EQ(incoming.context.id.to_string(), id);
    EXPECT_EQ(incoming.context.user->to_string(), user);
    EXPECT_EQ(incoming.context.reply_partition, 7);
    EXPECT_FALSE(incoming.bad_reply_partition);
    EXPECT_EQ(incoming.context.body_digest, digest);
    EXPECT_EQ(incoming.context.traceparent, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
}

TEST(ReadHeaders, AllAreOptional) {
    const auto incoming = read_request_headers(record({}), "cluster");
    EXPECT_FALSE(incoming.has_request_id);
    EXPECT_NE(incoming.context.id, Uuid());
    EXPECT_FALSE(incoming.context.user);
    EXPECT_FALSE(incoming.context.reply_partition);
    EXPECT_FALSE(incoming.bad_reply_partition);
    EXPECT_EQ(incoming.context.body_digest, "");
    EXPECT_EQ(incoming.context.traceparent, "");
}

TEST(ReadHeaders, MakesTheIdOfThePlaceAndTimeAndNeverOfTheKey) {
    const auto first = record({});
    const auto same = read_request_headers(first, "cluster").context.id;
    EXPECT_EQ(same, Uuid::hash_based({"cluster", "input-topic", "3", "41", "1700000000000"}));
    std::set<Uuid> ids{same};
    auto other = first;
    other.key = "device-8";
    EXPECT_EQ(read_request_headers(other, "cluster").context.id, same);
    EXPECT_TRUE(ids.insert(read_request_headers(first, "other cluster").context.id).second);
    other.at.topic = "input-topic.prediction.retry";
    EXPECT_TRUE(ids.insert(read_request_headers(other, "cluster").context.id).second);
    other = first;
    other.at.partition = 4;
    EXPECT_TRUE(ids.insert(read_request_headers(other, "cluster").context.id).second);
    other = first;
    other.offset = 42;
    EXPECT_TRUE(ids.insert(read_request_headers(other, "cluster").context.id).second);
    other = first;
    other.timestamp = 1'700'000'000'001;
    EXPECT_TRUE(ids.insert(read_request_headers(other, "cluster").context.id).second) << "a topic made anew";
}

TEST(ReadHeaders, JunkCountsAsAbsent) {
    const auto incoming = read_request_headers(record({{"request-id", "42"},
                                                       {"user", "theodondre@gmail.com"},
                                                       {"body-digest", "short"},
                                                       {"traceparent", std::string(129, '0')}}),
                                               "cluster");
    EXPECT_FALSE(incoming.has_request_id) << "whoever sent this can't wait for it";
    EXPECT_EQ(incoming.context.id, read_request_headers(record({}), "cluster").context.id);
    EXPECT_FALSE(incoming.context.user) << "no address travels further";
    EXPECT_EQ(incoming.context.body_digest, "");
    EXPECT_EQ(incoming.context.traceparent, "");
}

class BadReplyPartition : public testing::TestWithParam<std::string> {};

TEST_P(BadReplyPartition, IsIgnoredAndTold) {
    const auto incoming = read_request_headers(record({{"reply-partition", GetParam()}}), "cluster");
    EXPECT_FALSE(incoming.context.reply_partition);
    EXPECT_TRUE(incoming.bad_reply_partition);
}

INSTANTIATE_TEST_SUITE_P(, BadReplyPartition,
                         testing::Values("", "-1", "+1", " 1", "1 ", "1.0", "0x1", "one", "99999999999", "1\n"));

TEST(ReadHeaders, TakesTheLastOfSeveralAndSkipsNull) {
    EXPECT_EQ(
        read_request_headers(record({{"reply-partition", "1"}, {"reply-partition", "2"}}), "c").context.reply_partition,
        2);
    EXPECT_FALSE(read_request_headers(record({{"reply-partition", std::nullopt}}), "c").bad_reply_partition);
}

TEST(ReplyPartition, IsOneThatExists) {
    RequestContext context;
    EXPECT_EQ(reply_partition(context, 12), std::nullopt);
    context.reply_partition = 0;
    EXPECT_EQ(reply_partition(context, 12), 0);
    context.reply_partition = 11;
    EXPECT_EQ(reply_partition(context, 12), 11);
    context.reply_partition = 12;
    EXPECT_EQ(reply_partition(context, 12), std::nullopt);
}

}  // namespace
}  // namespace nearline::stream
