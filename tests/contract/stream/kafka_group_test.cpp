#include <algorithm>
#include <gmock/gmock.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <thread>

#include "contract/stream/fixture.hpp"
#include "domain/problem.hpp"
#include "runtime/log.hpp"

// What only Kafka has of groups: members that die without a word, and librdkafka's own ways.
namespace nearline::stream::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

/// A member in a process of its own.
class MemberProcess {
public:
    MemberProcess(const std::string& topic, const std::string& group, std::chrono::milliseconds session) {
        const auto time = std::to_string(session.count());
        std::vector<std::string> arguments{NEARLINE_GROUP_MEMBER, broker(), topic, group, time};
        std::vector<char*> pointers;
        for (auto& each : arguments) pointers.push_back(each.data());
        pointers.push_back(nullptr);
        if (::posix_spawn(&pid_, NEARLINE_GROUP_MEMBER, nullptr, nullptr, pointers.data(), environ) != 0) pid_ = -1;
    }
    ~MemberProcess() { kill(); }
    MemberProcess(const MemberProcess&) = delete;
    MemberProcess& operator=(const MemberProcess&) = delete;
    void kill() {
        if (pid_ <= 0) return;
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
        pid_ = -1;
    }
    /// Alive for its group until its session ends, and yet takes no part.
    void freeze() { ::kill(pid_, SIGSTOP); }

private:
    pid_t pid_ = -1;
};

class KafkaGroups : public StreamTest {
protected:
    void SetUp() override { use(kafka_world()); }

    GroupOptions quick_group(const std::string& topic, const std::string& id) const {
        auto options = group(topic, id);
        options.session_timeout = 1'500ms;
        return options;
    }

    /// All partitions have an owner, whether or not that one has heard of it.
    bool is_shared_out(const std::string& id) {
        const auto groups = admin()->groups();
        return std::any_of(groups.begin(), groups.end(), [&](const auto& group) {
            return group.name == id && group.state == "Stable" && group.members > 0;
        });
    }
};

TEST_F(KafkaGroups, TakeOverFromOneThatWasKilled) {
    const auto name = topic(2);
    const auto id = unique("group");
    send_values(name, 0, {"a"});
    send_values(name, 1, {"b"});
    std::vector<TopicPartition> lost;
    const auto one = stream().consumer(quick_group(name, id), {.lost = [&](const auto& p) { lost = p; }});
    ASSERT_TRUE(poll_until([&] { return one->assignment().size() == 2; }, *one));
    MemberProcess other(name, id, 1'500ms);
    ASSERT_TRUE(poll_until([&] { return one->assignment().size() == 1; }, *one));
    other.kill();
    const auto killed = Clock::now();
    ASSERT_TRUE(poll_until([&] { return one->assignment().size() == 2; }, *one));
    EXPECT_GT(Clock::now() - killed, 1s) << "only the session time-out tells";
    EXPECT_THAT(lost, SizeIs(0));
}

TEST_F(KafkaGroups, MembersTakeOverFromOneThatWasKilled) {
    const auto name = topic(2);
    const auto id = unique("group");
    const auto one = stream().member(quick_group(name, id), {});
    const auto assigned = [&](std::size_t count) {
        return wait_until([&] {
            one->poll(50ms);
            return one->assignment().size() == count;
        });
    };
    ASSERT_TRUE(assigned(2));
    MemberProcess other(name, id, 1'500ms);
    ASSERT_TRUE(assigned(1));
    other.kill();
    EXPECT_TRUE(assigned(2));
}

/// The group goes on without one that was away for too long; it is told, and comes back.
TEST_F(KafkaGroups, TellOneThatItWasThoughtDead) {
    const auto name = topic(2);
    const auto id = unique("group");
    auto options = quick_group(name, id);
    options.max_poll_interval = 1'500ms;
    std::vector<TopicPartition> lost, revoked;
    const auto one = stream().consumer(
        options, {.revoked = [&](const auto& p) { revoked = p; }, .lost = [&](const auto& p) { lost = p; }});
    ASSERT_TRUE(poll_until([&] { return one->assignment().size() == 2; }, *one));
    const auto two = stream().consumer(options, {});
    ASSERT_TRUE(poll_until([&] { return two->assignment().size() == 1; }, *one, *two));
    revoked.clear();
    ASSERT_TRUE(poll_until([&] { return two->assignment().size() == 2; }, *two)) << "nobody polls the other one";
    EXPECT_THAT(one->assignment(), SizeIs(1)) << "it does not know yet";
    EXPECT_THROW(one->commit({{*one->assignment().begin(), 1}}), Unavailable) << "not its offsets any more";
    EXPECT_TRUE(poll_until(
        [&] { return one->assignment().size() == 1 && two->assignment().size() == 1 && !lost.empty(); }, *one, *two));
    EXPECT_THAT(lost, SizeIs(1));
    EXPECT_THAT(revoked, SizeIs(0));
}

/// What a listener takes, as where it commits amid a rebalance, is not taken from the time that leaving has: the
/// others learn that it went at once, and not by the session time-out.
TEST_F(KafkaGroups, LeaveInOrderAfterAListenerThatTookItsTime) {
    const auto name = topic(2);
    auto options = group(name, unique("group"));
    options.session_timeout = 30s;
    constexpr auto longer_than_leaving_may_take = 3'500ms;
    std::vector<TopicPartition> revoked;
    const auto one = stream().consumer(options, {.revoked = [&](const auto& p) {
                                           revoked = p;
                                           std::this_thread::sleep_for(longer_than_leaving_may_take);
                                       }});
    ASSERT_TRUE(poll_until([&] { return one->assignment().size() == 2; }, *one));
    one->close();
    EXPECT_THAT(revoked, SizeIs(2));
    const auto left = Clock::now();
    const auto two = stream().consumer(options, {});
    EXPECT_TRUE(poll_until([&] { return two->assignment().size() == 2; }, *two));
    EXPECT_LT(Clock::now() - left, options.session_timeout / 2);
}

/// That they were given partitions and that these are taken back both wait for them then.
TEST_F(KafkaGroups, LeaveBeforeTheyHaveHeardWhatTheyWereGiven) {
    constexpr int times = 20;
    std::chrono::nanoseconds taken{};
    for (int i = 0; i < times; ++i) {
        const auto id = unique("group");
        const auto one = stream().consumer(group(topic(3), id), {});
        ASSERT_TRUE(wait_until([&] { return is_shared_out(id); }));
        const auto start = Clock::now();
        one->close();
        taken += Clock::now() - start;
    }
    EXPECT_LT(taken, times * 1s) << "they asked for what a group that is left does not say";
}

/// The coordinator answers nothing more of one that has asked to join, until all others have, too.
TEST_F(KafkaGroups, LetGoOfOneThatStopsWhileAnotherHoldsUpTheGroup) {
    const auto name = topic(3);
    auto options = group(name, unique("group"));
    options.session_timeout = 30s;
    const auto one = stream().consumer(options, {});
    ASSERT_TRUE(poll_until([&] { return one->assignment().size() == 3; }, *one));
    MemberProcess other(name, options.group, options.session_timeout);
    ASSERT_TRUE(poll_until([&] { return one->assignment().size() < 3; }, *one));
    other.freeze();
    const auto third = stream().consumer(options, {});
    const auto waits_for_the_others = [&] {
        one->poll(10, 10ms);
        try {
            one->commit({{*one->assignment().begin(), 1}});
            return false;
        } catch (const Unavailable&) {
            return true;
        }
    };
    ASSERT_TRUE(wait_until(waits_for_the_others));
    const auto before = Clock::now();
    one->close();
    third->close();
    EXPECT_LT(Clock::now() - before, 8s) << "3 s each; librdkafka waits for 5, or for all that is under way";
}

/// What librdkafka says it does, of fetching.
std::string fetch_log_of(const std::function<void(Stream&)>& use) {
    Metrics metrics;
    log::configure(log::Level::debug, log::Format::text);
    ::testing::internal::CaptureStderr();
    {
        const auto stream = open_kafka(broker(), {{"debug", "fetch,topic"}}, "watched", metrics);
        use(*stream);
    }
    auto text = ::testing::internal::GetCapturedStderr();
    log::configure(log::Level::warning, log::Format::text);
    return text;
}

TEST_F(KafkaGroups, FetchSmallRecordsTogetherWhereTheyMay) {
    constexpr std::size_t count = 300;
    const auto name = topic(1);
    auto options = quick_group(name, unique("group"));
    options.fetch_min_bytes = 1UL << 20;
    const auto consumer = stream().consumer(options, {});
    ASSERT_TRUE(poll_until([&] { return consumer->assignment().size() == 1; }, *consumer));
    const auto begin = Clock::now();
    std::thread sender([&] {
        for (std::size_t i = 0; i < count; ++i) send(name, 0, {.value = "x"});
    });
    std::size_t records = 0, fetches = 0;
    EXPECT_TRUE(wait_until([&] {
        const auto some = consumer->poll(count, 200ms).size();
        records += some;
        fetches += some > 0 ? 1 : 0;
        return records == count;
    }));
    sender.join();
    // One each 100 ms, which a poll may see in two halves.
    EXPECT_LE(static_cast<double>(fetches), 3 + std::chrono::duration<double>(Clock::now() - begin) / 50ms);
}

TEST_F(KafkaGroups, MembersNeverFetch) {
    const auto name = topic(3);
    send_values(name, 0, {"a", "b"});
    const auto member_log = fetch_log_of([&](Stream& stream) {
        const auto member = stream.member(quick_group(name, unique("group")), {});
        ASSERT_TRUE(wait_until([&] {
            member->poll(50ms);
            return member->assignment().size() == 3;
        }));
        const auto end = Clock::now() + 1s;
        while (Clock::now() < end) member->poll(50ms);
    });
    const auto consumer_log = fetch_log_of([&](Stream& stream) {
        const auto consumer = stream.consumer(quick_group(name, unique("group")), {});
        EXPECT_THAT(values(take(*consumer, 2)), ElementsAre("a", "b"));
    });
    EXPECT_THAT(consumer_log, HasSubstr("Start fetch for")) << "this is how fetching looks";
    EXPECT_THAT(consumer_log, HasSubstr("Fetch topic"));
    EXPECT_THAT(member_log, Not(HasSubstr("Start fetch for")));
    EXPECT_THAT(member_log, Not(HasSubstr("Fetch topic")));
}

TEST_F(KafkaGroups, WithAnEagerStrategyWorkToo) {
    const auto name = topic(4);
    const auto id = unique("group");
    send_values(name, 0, {"a"});
    Metrics metrics;
    const auto eager = open_kafka(broker(), {{"partition.assignment.strategy", "range"}}, "eager", metrics);
    const auto one = eager->consumer(quick_group(name, id), {});
    ASSERT_TRUE(poll_until([&] { return one->assignment().size() == 4; }, *one));
    const auto two = eager->consumer(quick_group(name, id), {});
    ASSERT_TRUE(poll_until([&] { return one->assignment().size() == 2 && two->assignment().size() == 2; }, *one, *two));
    const auto member_id = unique("group");
    const auto member = eager->member(quick_group(name, member_id), {});
    EXPECT_TRUE(wait_until([&] {
        member->poll(50ms);
        return member->assignment().size() == 4;
    }));
    EXPECT_THAT(admin()->committed(member_id), SizeIs(0));
}

}  // namespace
}  // namespace nearline::stream::testing
