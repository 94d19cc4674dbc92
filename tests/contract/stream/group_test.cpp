#include <gmock/gmock.h>
#include <mutex>
#include <thread>

#include "contract/stream/fixture.hpp"

namespace nearline::stream::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::IsSubsetOf;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

/// What a listener was told.
struct Told {
    std::vector<TopicPartition> assigned, revoked, lost;
    RebalanceListener listener() {
        const auto into = [](std::vector<TopicPartition>& list) {
            return
                [&list](const std::vector<TopicPartition>& more) { list.insert(list.end(), more.begin(), more.end()); };
        };
        return {into(assigned), into(revoked), into(lost)};
    }
};

class Groups : public StreamContract {
protected:
    std::unique_ptr<GroupConsumer> consumer(const std::string& topic, const std::string& id,
                                            RebalanceListener listener = {}) {
        return stream().consumer(group(topic, id), std::move(listener));
    }
    /// One that owns all of these partitions.
    std::unique_ptr<GroupConsumer> owner(const std::string& topic, const std::string& id, std::size_t partitions) {
        auto one = consumer(topic, id);
        EXPECT_TRUE(poll_until([&] { return one->assignment().size() == partitions; }, *one));
        return one;
    }
};

TEST_P(Groups, StartAtTheEarliestAndGoOnWhereTheyCommitted) {
    const auto name = topic(1);
    const auto id = unique("group");
    send_values(name, 0, {"0", "1", "2", "3"});
    {
        const auto one = consumer(name, id);
        EXPECT_THAT(values(take(*one, 4)), ElementsAre("0", "1", "2", "3"));
        one->commit({{{name, 0}, 2}});
        one->close();
    }
    const auto next = consumer(name, id);
    EXPECT_THAT(values(take(*next, 2)), ElementsAre("2", "3"));
    const auto other = consumer(name, unique("group"));
    EXPECT_THAT(values(take(*other, 4)), ElementsAre("0", "1", "2", "3")) << "another group is on its own";
}

TEST_P(Groups, AreGivenNoMoreAtATimeThanAFewMegabytes) {
    constexpr int partitions = 20;
    const std::string large(900'000, 'x');
    const auto name = topic(partitions);
    for (int partition = 0; partition < partitions; ++partition) send_values(name, partition, {large, large});
    const auto one = consumer(name, unique("group"));
    std::size_t all = 0;
    std::size_t most_bytes = 0;
    // What is fetched ahead has to be more than may be given.
    const auto deadline = Clock::now() + patience;
    while (all < 2 * partitions && Clock::now() < deadline) {
        std::this_thread::sleep_for(300ms);
        std::size_t bytes = 0;
        for (const auto& record : one->poll(1'000, 1s)) {
            ++all;
            bytes += size_in_bytes(record);
        }
        most_bytes = std::max(most_bytes, bytes);
    }
    EXPECT_EQ(2 * partitions, all);
    EXPECT_LT(most_bytes, most_polled_bytes + large.size());
}

TEST_P(Groups, ForgetWhatWasReadWithoutACommit) {
    const auto name = topic(1);
    const auto id = unique("group");
    send_values(name, 0, {"0", "1"});
    EXPECT_THAT(take(*consumer(name, id), 2), SizeIs(2));
    EXPECT_THAT(values(take(*consumer(name, id), 2)), ElementsAre("0", "1"));
}

TEST_P(Groups, CommitOffsetsThatNoRecordHas) {
    const auto name = topic(1, short_lived(1));
    const auto id = unique("group");
    send_values(name, 0, {"0", "1", "2"}, long_ago());
    send_values(name, 0, {"3", "4"});
    world().expire({name, 0}, 3);
    owner(name, id, 1)->commit({{{name, 0}, 1}});
    EXPECT_EQ(admin()->committed(id).at({name, 0}), 1);
    EXPECT_THAT(values(take(*consumer(name, id), 2)), ElementsAre("3", "4"));
    owner(name, id, 1)->commit({{{name, 0}, 5}});
    const auto at_end = consumer(name, id);
    EXPECT_THAT(at_end->poll(1, 500ms), IsEmpty());
    send_values(name, 0, {"5"});
    EXPECT_THAT(values(take(*at_end, 1)), ElementsAre("5"));
}

TEST_P(Groups, CommitWithoutWaiting) {
    const auto name = topic(1);
    const auto id = unique("group");
    const auto one = owner(name, id, 1);
    one->commit_async({{{name, 0}, 3}});
    EXPECT_TRUE(poll_until([&] { return admin()->committed(id)[{name, 0}] == 3; }, *one));
}

TEST_P(Groups, LeaveOutOffsetsOfOthers) {
    const auto name = topic(1);
    const auto id = unique("group");
    const auto one = owner(name, id, 1);
    one->commit({{{name, 0}, 1}, {{name, 1}, 4}, {{unique("other"), 0}, 4}});
    const std::map<TopicPartition, std::int64_t> expected{{{name, 0}, 1}};
    EXPECT_EQ(admin()->committed(id), expected);
    one->commit({});
}

TEST_P(Groups, ShareATopicAndTakeOverFromOneThatCloses) {
    const auto name = topic(4);
    const auto id = unique("group");
    Told one_told, two_told;
    const auto one = consumer(name, id, one_told.listener());
    ASSERT_TRUE(poll_until([&] { return one->assignment().size() == 4; }, *one));
    const auto two = consumer(name, id, two_told.listener());
    ASSERT_TRUE(poll_until([&] { return one->assignment().size() == 2 && two->assignment().size() == 2; }, *one, *two));
    for (const auto& at : two->assignment()) EXPECT_FALSE(one->assignment().contains(at));
    EXPECT_THAT(one_told.assigned, SizeIs(4)) << "what stayed was not given again";
    EXPECT_THAT(one_told.revoked, SizeIs(2));
    EXPECT_EQ(std::set(two_told.assigned.begin(), two_told.assigned.end()), two->assignment());

    one->close();
    EXPECT_THAT(one_told.revoked, SizeIs(4)) << "close() gives back the rest";
    EXPECT_THAT(one->assignment(), IsEmpty());
    EXPECT_THAT(one->poll(1, 10ms), IsEmpty());
    EXPECT_TRUE(poll_until([&] { return two->assignment().size() == 4; }, *two));
    EXPECT_THAT(two_told.revoked, IsEmpty());
    EXPECT_THAT(one_told.lost, IsEmpty());
    EXPECT_THAT(two_told.lost, IsEmpty());
}

TEST_P(Groups, TakeOverFromOneThatIsDestroyed) {
    const auto name = topic(2);
    const auto id = unique("group");
    Told told;
    auto one = consumer(name, id, told.listener());
    ASSERT_TRUE(poll_until([&] { return one->assignment().size() == 2; }, *one));
    const auto two = consumer(name, id);
    ASSERT_TRUE(poll_until([&] { return two->assignment().size() == 1; }, *one, *two));
    const auto revoked = told.revoked.size();
    one.reset();
    EXPECT_EQ(told.revoked.size(), revoked) << "a destructor tells nobody";
    EXPECT_TRUE(poll_until([&] { return two->assignment().size() == 2; }, *two));
}

TEST_P(Groups, LoseNothingWhileMembersComeAndGo) {
    const auto name = topic(6);
    const auto id = unique("group");
    std::set<std::string> sent, got;
    const auto read = [&](GroupConsumer& from) {
        std::map<TopicPartition, std::int64_t> next;
        for (const auto& record : from.poll(50, 20ms)) {
            got.insert(*record.value);
            next[record.at] = record.offset + 1;
        }
        std::vector<Position> positions;
        for (const auto& [at, offset] : next) positions.push_back({at, offset});
        from.commit_async(positions);
    };
    const auto missing = [&] {
        std::string text;
        for (const auto& value : sent) text += got.contains(value) ? "" : value + " ";
        return text;
    };
    const auto progress = [&] {
        std::string text;
        for (const auto& [at, offset] : admin()->committed(id)) {
            text += std::to_string(at.partition) + ":" + std::to_string(offset) + " ";
        }
        return text;
    };
    std::vector<std::unique_ptr<GroupConsumer>> members;
    for (int round = 0; round < 6; ++round) {
        members.push_back(consumer(name, id));
        for (int p = 0; p < 6; ++p) {
            std::vector<std::string> some;
            for (int i = 0; i < 20; ++i)
                some.push_back(std::to_string(round) + "/" + std::to_string(p) + "/" + std::to_string(i));
            sent.insert(some.begin(), some.end());
            send_values(name, p, some);
        }
        for (int i = 0; i < 5; ++i) {
            for (auto& member : members) read(*member);
        }
        if (round % 2 == 1) members.erase(members.begin());
    }
    EXPECT_TRUE(wait_until([&] {
        for (auto& member : members) read(*member);
        return got == sent;
    })) << got.size()
        << " of " << sent.size() << "; missing: " << missing() << "; committed: " << progress();
}

TEST_P(Groups, CommitInTheLastMoment) {
    const auto name = topic(2);
    const auto id = unique("group");
    std::unique_ptr<GroupConsumer> one;
    RebalanceListener listener;
    listener.revoked = [&](const std::vector<TopicPartition>& going) {
        for (const auto& at : going) one->commit({{at, 40 + at.partition}});
    };
    one = consumer(name, id, listener);
    ASSERT_TRUE(poll_until([&] { return one->assignment().size() == 2; }, *one));
    one->close();
    const std::map<TopicPartition, std::int64_t> expected{{{name, 0}, 40}, {{name, 1}, 41}};
    EXPECT_EQ(admin()->committed(id), expected);
}

TEST_P(Groups, PassOnWhatAListenerThrows) {
    RebalanceListener listener;
    listener.assigned = [](const auto&) { throw std::domain_error("from the listener"); };
    const auto one = consumer(topic(1), unique("group"), listener);
    EXPECT_THROW(wait_until([&] { return !one->poll(1, 100ms).empty(); }), std::domain_error);
    EXPECT_THAT(one->assignment(), SizeIs(1)) << "and go on";
    EXPECT_THAT(one->poll(1, 10ms), IsEmpty());
}

TEST_P(Groups, PauseAPartitionAndNotTheOthers) {
    const auto name = topic(2);
    const auto one = owner(name, unique("group"), 2);
    send_values(name, 0, {"a0", "a1", "a2"});
    EXPECT_THAT(values(take(*one, 1)), ElementsAre("a0"));
    one->pause({{name, 0}});
    EXPECT_THAT(one->poll(10, 300ms), IsEmpty());
    send_values(name, 1, {"b0"});
    EXPECT_THAT(values(take(*one, 1)), ElementsAre("b0"));
    EXPECT_THAT(one->assignment(), SizeIs(2)) << "stays the owner";
    one->resume({{name, 0}});
    EXPECT_THAT(values(take(*one, 2)), ElementsAre("a1", "a2"));
}

TEST_P(Groups, DoNotKeepAPauseWhenAPartitionComesBack) {
    const auto name = topic(2);
    const auto id = unique("group");
    const auto one = owner(name, id, 2);
    one->pause({{name, 0}, {name, 1}});
    {
        const auto two = consumer(name, id);
        ASSERT_TRUE(
            poll_until([&] { return two->assignment().size() == 1 && one->assignment().size() == 1; }, *one, *two));
    }
    ASSERT_TRUE(poll_until([&] { return one->assignment().size() == 2; }, *one));
    one->resume({{name, 0}, {name, 1}});
    send_values(name, 0, {"a"});
    send_values(name, 1, {"b"});
    EXPECT_THAT(values(take(*one, 2)), UnorderedElementsAre("a", "b"));
}

TEST_P(Groups, ReturnWithOneRecordAtOnce) {
    const auto name = topic(1);
    const auto one = owner(name, unique("group"), 1);
    send_values(name, 0, {"first"});
    ASSERT_THAT(take(*one, 1), SizeIs(1));
    const auto start = Clock::now();
    send_values(name, 0, {"second"});
    EXPECT_THAT(values(one->poll(1'000, patience)), ElementsAre("second"));
    EXPECT_LT(Clock::now() - start, 5s) << "it must not wait for a batch";
}

TEST_P(Groups, AreWokenFromAnotherThread) {
    const auto one = owner(topic(1), unique("group"), 1);
    std::thread waker([&] {
        std::this_thread::sleep_for(100ms);
        one->wake();
    });
    auto start = Clock::now();
    EXPECT_THAT(one->poll(1, patience), IsEmpty());
    EXPECT_LT(Clock::now() - start, patience / 2);
    waker.join();

    one->wake();
    start = Clock::now();
    EXPECT_THAT(one->poll(1, patience), IsEmpty()) << "a wake() that came before is not lost";
    EXPECT_LT(Clock::now() - start, patience / 2);
}

TEST_P(Groups, CountWhatRetentionTookBeforeItWasRead) {
    const auto name = topic(2, short_lived(2));
    const auto id = unique("group");
    send_values(name, 0, {"0", "1", "2", "3", "4"}, long_ago());
    send_values(name, 0, {"5"});
    owner(name, id, 2)->commit({{{name, 0}, 2}});
    world().expire({name, 0}, 5);
    const auto one = consumer(name, id);
    EXPECT_THAT(values(take(*one, 1)), ElementsAre("5"));
    EXPECT_EQ(one->lost_to_retention(), 3);
}

TEST_P(Groups, SeeATopicThatIsMadeLater) {
    const auto name = unique("later");
    const auto one = consumer(name, unique("group"));
    EXPECT_THAT(one->poll(1, 300ms), IsEmpty());
    admin()->create_topic(name, {.partitions = 2});
    EXPECT_TRUE(poll_until([&] { return one->assignment().size() == 2; }, *one));
}

TEST_P(Groups, ReadSeveralTopics) {
    const auto first = topic(1), second = topic(2);
    auto options = group(first, unique("group"));
    options.topics.push_back(second);
    const auto one = stream().consumer(options, {});
    send_values(first, 0, {"1"});
    send_values(second, 1, {"2"});
    EXPECT_THAT(values(take(*one, 2)), UnorderedElementsAre("1", "2"));
    EXPECT_THAT(one->assignment(), SizeIs(3));
}

INSTANTIATE_TEST_SUITE_P(Stream, Groups, ::testing::ValuesIn(implementations()), name_of);

}  // namespace
}  // namespace nearline::stream::testing
