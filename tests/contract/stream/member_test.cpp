#include <gmock/gmock.h>
#include <thread>

#include "contract/stream/fixture.hpp"

namespace nearline::stream::testing {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

class Members : public StreamContract {
protected:
    std::unique_ptr<GroupMember> member(const std::string& topic, const std::string& id,
                                        RebalanceListener listener = {}) {
        return stream().member(group(topic, id), std::move(listener));
    }
    static bool poll_members(const std::function<bool()>& condition, const std::vector<GroupMember*>& members,
                             std::chrono::milliseconds time = patience) {
        return wait_until(
            [&] {
                for (auto* each : members) each->poll(20ms);
                return condition();
            },
            time);
    }
};

TEST_P(Members, ShareATopic) {
    const auto name = topic(4);
    const auto id = unique("group");
    std::vector<TopicPartition> assigned, revoked;
    const auto add_to = [](auto& list) {
        return [&list](const auto& more) { list.insert(list.end(), more.begin(), more.end()); };
    };
    auto one = member(name, id, {.assigned = add_to(assigned), .revoked = add_to(revoked)});
    ASSERT_TRUE(poll_members([&] { return one->assignment().size() == 4; }, {one.get()}));
    auto two = member(name, id);
    ASSERT_TRUE(poll_members([&] { return one->assignment().size() == 2 && two->assignment().size() == 2; },
                             {one.get(), two.get()}));
    for (const auto& at : two->assignment()) EXPECT_FALSE(one->assignment().contains(at));
    EXPECT_THAT(assigned, SizeIs(4));
    EXPECT_THAT(revoked, SizeIs(2));
    two.reset();
    EXPECT_TRUE(poll_members([&] { return one->assignment().size() == 4; }, {one.get()}));
    EXPECT_THAT(assigned, SizeIs(6));
    one->close();
    EXPECT_THAT(revoked, SizeIs(6));
    EXPECT_THAT(one->assignment(), IsEmpty());
}

TEST_P(Members, MayBeMoreThanPartitions) {
    const auto name = topic(1);
    const auto id = unique("group");
    const auto one = member(name, id), two = member(name, id), three = member(name, id);
    const auto owners = [&] {
        return one->assignment().size() + two->assignment().size() + three->assignment().size();
    };
    EXPECT_TRUE(poll_members([&] { return owners() == 1; }, {one.get(), two.get(), three.get()}));
}

TEST_P(Members, LeaveOffsetsAlone) {
    const auto name = topic(2);
    const auto id = unique("group");
    send_values(name, 0, {"0", "1"});
    {
        const auto one = member(name, id);
        ASSERT_TRUE(poll_members([&] { return one->assignment().size() == 2; }, {one.get()}));
        poll_members([] { return false; }, {one.get()}, 500ms);
        one->close();
    }
    EXPECT_THAT(admin()->committed(id), IsEmpty());
}

TEST_P(Members, ReturnFromAPollForAChange) {
    const auto one = member(topic(2), unique("group"));
    const auto start = Clock::now();
    while (one->assignment().empty() && Clock::now() - start < patience) one->poll(patience);
    EXPECT_THAT(one->assignment(), SizeIs(2));
    EXPECT_LT(Clock::now() - start, patience / 2);
}

TEST_P(Members, AreWokenFromAnotherThread) {
    const auto one = member(topic(1), unique("group"));
    ASSERT_TRUE(poll_members([&] { return one->assignment().size() == 1; }, {one.get()}));
    std::thread waker([&] {
        std::this_thread::sleep_for(100ms);
        one->wake();
    });
    const auto start = Clock::now();
    one->poll(patience);
    EXPECT_LT(Clock::now() - start, patience / 2);
    waker.join();
}

INSTANTIATE_TEST_SUITE_P(Stream, Members, ::testing::ValuesIn(implementations()), name_of);

}  // namespace
}  // namespace nearline::stream::testing
