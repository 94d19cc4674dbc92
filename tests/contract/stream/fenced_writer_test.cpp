#include <gmock/gmock.h>

#include "contract/stream/fixture.hpp"
#include "domain/problem.hpp"

namespace nearline::stream::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class FencedWriters : public StreamContract {
protected:
    std::vector<ConsumedRecord> all_of(const std::string& topic) {
        std::vector<Position> from;
        for (int partition = 0; partition < admin()->topic(topic)->partitions; ++partition) {
            from.push_back({{topic, partition}, 0});
        }
        std::vector<ConsumedRecord> found;
        stream().scan(from, patience, [&](ConsumedRecord&& record) {
            found.push_back(std::move(record));
            return true;
        });
        return found;
    }
};

TEST_P(FencedWriters, WriteToSeveralTopicsAtOnce) {
    const auto one = topic(3);
    const auto other = topic(1);
    const auto writer = stream().fenced_writer(unique("writer"), patience);
    writer->write({{one, 2, {.key = "k", .value = "a", .headers = {{"h", "1"}}}},
                   {other, {}, {.value = "b"}},
                   {one, {}, {.key = "customer 7", .value = "c"}}});
    const auto found = all_of(one);
    ASSERT_EQ(found.size(), 2U);
    EXPECT_THAT(values(all_of(other)), ElementsAre("b"));
    for (const auto& record : found) {
        EXPECT_GT(record.timestamp, 1'700'000'000'000);
        if (record.value == "c") {
            EXPECT_EQ(record.at.partition, partition_of_key("customer 7", 3));
            continue;
        }
        EXPECT_EQ(record.at.partition, 2);
        EXPECT_EQ(record.headers, (std::vector<Header>{{"h", "1"}}));
    }
    writer->write({});
}

TEST_P(FencedWriters, StoreAllOrNone) {
    const auto name = topic(1);
    const auto id = unique("writer");
    const auto writer = stream().fenced_writer(id, 5s);
    EXPECT_THROW(writer->write({{name, 0, {.value = "a"}}, {unique("missing"), 0, {.value = "b"}}}), Unavailable);
    EXPECT_THROW(writer->write({{name, 0, {.value = "c"}}}), Unavailable) << "it is spent";
    EXPECT_THAT(values(all_of(name)), IsEmpty());
    const auto next = stream().fenced_writer(id, patience);
    const auto too_large = std::string(5UL << 20, 'x');
    EXPECT_THROW(next->write({{name, 0, {.value = "d"}}, {name, 0, {.value = too_large}}}), Unavailable);
    EXPECT_THAT(values(all_of(name)), IsEmpty());
    stream().fenced_writer(id, patience)->write({{name, 0, {.value = "e"}}});
    EXPECT_THAT(values(all_of(name)), ElementsAre("e"));
}

TEST_P(FencedWriters, WriteNothingOnceThereIsAYoungerOne) {
    const auto name = topic(1);
    const auto id = unique("writer");
    const auto older = stream().fenced_writer(id, patience);
    older->write({{name, 0, {.value = "older"}}});
    const auto younger = stream().fenced_writer(id, patience);
    EXPECT_THROW(older->write({{name, 0, {.value = "too late"}}}), FencedOff);
    younger->write({{name, 0, {.value = "younger"}}});
    stream().fenced_writer(unique("writer"), patience)->write({{name, 0, {.value = "of another name"}}});
    younger->write({{name, 0, {.value = "still"}}});
    EXPECT_THAT(values(all_of(name)), ElementsAre("older", "younger", "of another name", "still"));
}

TEST_P(FencedWriters, ReachGroups) {
    const auto name = topic(1);
    const auto consumer = stream().consumer(group(name, unique("group")), {});
    stream().fenced_writer(unique("writer"), patience)->write({{name, 0, {.value = "a"}}, {name, 0, {.value = "b"}}});
    EXPECT_THAT(values(take(*consumer, 2)), ElementsAre("a", "b"));
}

INSTANTIATE_TEST_SUITE_P(Stream, FencedWriters, ::testing::ValuesIn(implementations()), name_of);

}  // namespace
}  // namespace nearline::stream::testing
