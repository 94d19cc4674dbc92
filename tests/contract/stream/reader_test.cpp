#include <atomic>
#include <gmock/gmock.h>
#include <mutex>
#include <thread>

#include "contract/stream/fixture.hpp"

namespace nearline::stream::testing {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Readers : public StreamContract {};

TEST_P(Readers, StartWhereTheyAreTold) {
    const auto name = topic(2);
    send_values(name, 0, {"a", "b", "c"});
    send_values(name, 1, {"x", "y"});
    const auto reader = stream().reader();
    reader->assign({{{name, 0}, 1}});
    EXPECT_THAT(values(take(*reader, 2)), ElementsAre("b", "c"));
    reader->assign({{{name, 1}, 0}});
    EXPECT_THAT(values(take(*reader, 2)), ElementsAre("x", "y"));
}

TEST_P(Readers, WaitAtTheEndForWhatComes) {
    const auto name = topic(1);
    send_values(name, 0, {"old"});
    const auto reader = stream().reader();
    reader->assign({{{name, 0}, admin()->watermarks({name, 0}).end}});
    EXPECT_THAT(reader->poll(10, 300ms), IsEmpty());
    send_values(name, 0, {"new"});
    EXPECT_THAT(values(take(*reader, 1)), ElementsAre("new"));
}

TEST_P(Readers, GoOnUndisturbedWhenAssignedAgain) {
    const auto name = topic(2);
    send_values(name, 0, {"a", "b"});
    const auto reader = stream().reader();
    reader->assign({{{name, 0}, 0}});
    EXPECT_THAT(values(take(*reader, 1)), ElementsAre("a"));
    reader->assign({{{name, 0}, 0}, {{name, 1}, 0}});
    send_values(name, 0, {"c"});
    EXPECT_THAT(values(take(*reader, 2)), ElementsAre("b", "c"));
}

TEST_P(Readers, StopReadingWhatIsUnassigned) {
    const auto name = topic(2);
    const auto reader = stream().reader();
    reader->assign({{{name, 0}, 0}, {{name, 1}, 0}});
    send_values(name, 0, {"a"});
    EXPECT_THAT(values(take(*reader, 1)), ElementsAre("a"));
    reader->unassign({{name, 0}, {name, 7}});
    send_values(name, 0, {"b"});
    send_values(name, 1, {"x"});
    EXPECT_THAT(values(take(*reader, 1)), ElementsAre("x"));
    EXPECT_THAT(reader->poll(10, 300ms), IsEmpty());
    reader->assign({{{name, 0}, 0}});
    EXPECT_THAT(values(take(*reader, 2)), ElementsAre("a", "b")) << "from the offset given now";
}

TEST_P(Readers, GoOnAtTheStartOfALogThatMoved) {
    const auto name = topic(1, short_lived(1));
    send_values(name, 0, {"0", "1", "2", "3"}, long_ago());
    send_values(name, 0, {"4", "5"});
    world().expire({name, 0}, 4);
    const auto reader = stream().reader();
    reader->assign({{{name, 0}, 1}});
    EXPECT_THAT(values(take(*reader, 2)), ElementsAre("4", "5"));
}

TEST_P(Readers, GoToTheStartFromAnOffsetThatIsNotThereYet) {
    const auto name = topic(1);
    send_values(name, 0, {"a", "b"});
    const auto reader = stream().reader();
    reader->assign({{{name, 0}, 1'000}});
    EXPECT_THAT(values(take(*reader, 2)), ElementsAre("a", "b"));
}

TEST_P(Readers, GiveNoMoreThanAskedFor) {
    const auto name = topic(1);
    send_values(name, 0, {"a", "b", "c"});
    const auto reader = stream().reader();
    reader->assign({{{name, 0}, 0}});
    EXPECT_TRUE(wait_until([&] { return reader->poll(1, 200ms).size() == 1; }));
    EXPECT_EQ(take(*reader, 2).size(), 2);
}

TEST_P(Readers, ChangeWhileTheyArePolled) {
    const auto name = topic(8);
    const auto reader = stream().reader();
    reader->assign({{{name, 0}, 0}});
    std::atomic<bool> stop = false;
    std::mutex mutex;
    std::vector<std::string> steady;  // of the partition that nobody touches
    std::thread poller([&] {
        while (!stop) {
            for (const auto& record : reader->poll(100, 1s)) {
                const std::lock_guard lock(mutex);
                if (record.at.partition == 0) steady.push_back(*record.value);
            }
        }
    });
    std::thread changer([&] {
        for (int round = 0; round < 15; ++round) {
            for (int p = 1; p < 8; ++p) reader->assign({{{name, p}, 0}});
            for (int p = 1; p < 8; ++p) reader->unassign({{name, p}});
        }
    });
    std::vector<std::string> sent;
    for (int i = 0; i < 200; ++i) {
        sent.push_back(std::to_string(i));
        send_values(name, 0, {sent.back()});
        send_values(name, 1 + i % 7, {"other"});
    }
    changer.join();
    EXPECT_TRUE(wait_until([&] {
        const std::lock_guard lock(mutex);
        return steady.size() >= sent.size();
    }));
    stop = true;
    reader->wake();
    poller.join();
    EXPECT_EQ(steady, sent) << "each once, in order";
}

TEST_P(Readers, CallWhenThereIsSomethingToPoll) {
    const auto name = topic(2);
    const auto reader = stream().reader();
    const auto calls = std::make_shared<std::atomic<int>>(0);
    reader->on_ready([calls] { ++*calls; });
    reader->assign({{{name, 0}, 0}, {{name, 1}, 0}});
    std::vector<std::string> read;
    const auto read_all = [&] {
        for (auto some = reader->poll(3, 0ms); !some.empty(); some = reader->poll(3, 0ms)) {
            for (const auto& each : some) read.push_back(*each.value);
        }
    };
    std::vector<std::string> sent;
    for (int i = 0; i < 50; ++i) {
        read_all();
        const auto before = calls->load();
        sent.push_back(std::to_string(i));
        send_values(name, i % 2, {sent.back()});
        ASSERT_TRUE(wait_until([&] { return *calls > before; })) << i;
        // It may have been called for something else.
        ASSERT_TRUE(wait_until([&] {
            read_all();
            return read.size() == sent.size();
        })) << i;
    }
    EXPECT_EQ(read, sent);
}

TEST_P(Readers, CallAlsoForWhatIsThereAlready) {
    const auto name = topic(1);
    send_values(name, 0, {"a"});
    const auto reader = stream().reader();
    const auto calls = std::make_shared<std::atomic<int>>(0);
    reader->on_ready([calls] { ++*calls; });
    reader->assign({{{name, 0}, 0}});
    ASSERT_TRUE(wait_until([&] { return *calls > 0; }));
    EXPECT_THAT(values(take(*reader, 1)), ElementsAre("a"));
}

TEST_P(Readers, AreWokenFromAnotherThread) {
    const auto reader = stream().reader();
    reader->assign({{{topic(1), 0}, 0}});
    std::thread waker([&] {
        std::this_thread::sleep_for(100ms);
        reader->wake();
    });
    const auto start = Clock::now();
    EXPECT_THAT(reader->poll(1, patience), IsEmpty());
    EXPECT_LT(Clock::now() - start, patience / 2);
    waker.join();
}

INSTANTIATE_TEST_SUITE_P(Stream, Readers, ::testing::ValuesIn(implementations()), name_of);

}  // namespace
}  // namespace nearline::stream::testing
