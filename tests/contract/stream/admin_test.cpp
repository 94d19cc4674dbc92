#include <algorithm>
#include <gmock/gmock.h>
#include <thread>

#include "contract/stream/fixture.hpp"
#include "domain/problem.hpp"

namespace nearline::stream::testing {
namespace {

using ::testing::IsEmpty;

class Admins : public StreamContract {
protected:
    std::optional<GroupInfo> find_group(const std::string& name) {
        for (const auto& group : admin()->groups()) {
            if (group.name == name) return group;
        }
        return std::nullopt;
    }
};

TEST_P(Admins, NameTheCluster) {
    const auto id = admin()->cluster_id();
    EXPECT_NE(id, "");
    EXPECT_EQ(admin()->cluster_id(), id);
    EXPECT_EQ(stream().ping(patience), "");
}

TEST_P(Admins, MakeATopicOnce) {
    const auto name = unique("made");
    EXPECT_EQ(admin()->topic(name), std::nullopt);
    EXPECT_TRUE(admin()->create_topic(name, {.partitions = 3}));
    EXPECT_FALSE(admin()->create_topic(name, {.partitions = 5}));
    const auto info = admin()->topic(name);
    ASSERT_TRUE(info);
    EXPECT_EQ(info->partitions, 3) << "what exists is left as it is";
    EXPECT_EQ(info->replication_factor, 1);
    const auto all = admin()->topics();
    EXPECT_EQ(std::count_if(all.begin(), all.end(), [&](const auto& each) { return each.name == name; }), 1);
    for (const auto& each : all) EXPECT_FALSE(each.name.starts_with("__")) << each.name;
}

TEST_P(Admins, KnowHowLongATopicKeepsItsRecords) {
    const auto name = unique("kept");
    admin()->create_topic(name, {.partitions = 1, .retention = 90s});
    EXPECT_EQ(admin()->retention(name), 90s);
    const auto other = unique("kept");
    admin()->create_topic(other, {.partitions = 1, .retention = 0s});
    EXPECT_EQ(admin()->retention(other), 0s) << "for ever";
    EXPECT_THROW(admin()->retention(unique("missing")), Unavailable);
}

TEST_P(Admins, MakeATopicOnceWhenTwoStartTogether) {
    for (int round = 0; round < 10; ++round) {
        const auto name = unique("race");
        std::atomic<int> made = 0;
        std::vector<std::thread> threads;
        for (int i = 0; i < 4; ++i)
            threads.emplace_back([&] { made += admin()->create_topic(name, {.partitions = 2}); });
        for (auto& thread : threads) thread.join();
        EXPECT_EQ(made, 1);
    }
}

TEST_P(Admins, KnowWhereALogStartsAndEnds) {
    const auto name = topic(2, short_lived(2));
    EXPECT_EQ(admin()->watermarks({name, 0}).start, 0);
    EXPECT_EQ(admin()->watermarks({name, 0}).end, 0);
    send_values(name, 0, {"0", "1", "2"}, long_ago());
    send_values(name, 0, {"3"});
    world().expire({name, 0}, 3);
    const auto marks = admin()->watermarks({name, 0});
    EXPECT_EQ(marks.start, 3);
    EXPECT_EQ(marks.end, 4);
    EXPECT_EQ(admin()->watermarks({name, 1}).end, 0);
    EXPECT_THROW(admin()->watermarks({name, 9}), Unavailable);
    EXPECT_THROW(admin()->watermarks({unique("missing"), 0}), Unavailable);
}

TEST_P(Admins, FindAnOffsetByTime) {
    const auto name = topic(1);
    for (const std::int64_t time : {1'700'000'000'000, 1'700'000'001'000, 1'700'000'002'000}) {
        send_values(name, 0, {"v"}, time);
    }
    const TopicPartition at{name, 0};
    EXPECT_EQ(admin()->offset_at(at, 0), 0);
    EXPECT_EQ(admin()->offset_at(at, 1'700'000'000'000), 0);
    EXPECT_EQ(admin()->offset_at(at, 1'700'000'000'001), 1);
    EXPECT_EQ(admin()->offset_at(at, 1'700'000'002'000), 2);
    EXPECT_EQ(admin()->offset_at(at, 1'700'000'002'001), 3) << "none: the end";
}

TEST_P(Admins, DeleteRecordsFromALogsStart) {
    const auto name = topic(2);
    const TopicPartition at{name, 0};
    send_values(name, 0, {"0", "1", "2", "3", "4"});
    admin()->delete_records(at, 3);
    EXPECT_EQ(admin()->watermarks(at).start, 3);
    EXPECT_EQ(admin()->watermarks(at).end, 5);
    admin()->delete_records(at, 1);
    EXPECT_EQ(admin()->watermarks(at).start, 3) << "a start does not go back";
    const auto reader = stream().reader();
    reader->assign({{at, 0}});
    EXPECT_EQ(values(take(*reader, 2)), (std::vector<std::string>{"3", "4"}));
    admin()->delete_records(at, 1'000);
    EXPECT_EQ(admin()->watermarks(at).start, 5) << "no further than the end";
    EXPECT_EQ(send(name, 0, {.value = "5"}).offset, 5);
    EXPECT_EQ(admin()->watermarks({name, 1}).start, 0);
    EXPECT_THROW(admin()->delete_records({name, 9}, 1), Unavailable);
}

TEST_P(Admins, ListGroupsWithTheirMembers) {
    const auto name = topic(2);
    const auto id = unique("group");
    EXPECT_EQ(find_group(id), std::nullopt);
    const auto one = stream().consumer(group(name, id), {});
    const auto two = stream().consumer(group(name, id), {});
    ASSERT_TRUE(poll_until([&] { return one->assignment().size() == 1 && two->assignment().size() == 1; }, *one, *two));
    ASSERT_TRUE(poll_until([&] { return find_group(id).value_or(GroupInfo{}).state == "Stable"; }, *one, *two));
    EXPECT_EQ(find_group(id)->members, 2);
    one->commit({{*one->assignment().begin(), 0}});
    one->close();
    two->close();
    EXPECT_TRUE(wait_until([&] { return find_group(id).value_or(GroupInfo{}).state == "Empty"; }));
    EXPECT_EQ(find_group(id)->members, 0);
}

TEST_P(Admins, KnowCommittedOffsets) {
    const auto name = topic(3);
    const auto other = topic(1);
    const auto id = unique("group");
    EXPECT_THAT(admin()->committed(id), IsEmpty());
    EXPECT_THAT(admin()->committed(id, name), IsEmpty());
    auto options = group(name, id);
    options.topics.push_back(other);
    const auto consumer = stream().consumer(options, {});
    ASSERT_TRUE(poll_until([&] { return consumer->assignment().size() == 4; }, *consumer));
    consumer->commit({{{name, 0}, 5}, {{name, 2}, 7}, {{other, 0}, 1}});
    const std::map<TopicPartition, std::int64_t> expected{{{name, 0}, 5}, {{name, 2}, 7}};
    EXPECT_EQ(admin()->committed(id, name), expected);
    auto all = expected;
    all[{other, 0}] = 1;
    EXPECT_EQ(admin()->committed(id), all);
    EXPECT_THAT(admin()->committed(id, unique("nothing")), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Stream, Admins, ::testing::ValuesIn(implementations()), name_of);

}  // namespace
}  // namespace nearline::stream::testing
