#include <gtest/gtest.h>
#include <stdexcept>
#include <thread>

#include "runtime/stop.hpp"

using nearline::Lifecycle;
using nearline::StopToken;
using std::chrono::milliseconds;

namespace {

/// What parts did, in order.
class Diary {
public:
    Lifecycle::Part part(const std::string& name) {
        return {name, [this, name] { entries_.push_back("start " + name); },
                [this, name](auto) { entries_.push_back("drain " + name); },
                [this, name] { entries_.push_back("stop " + name); }};
    }
    const std::vector<std::string>& entries() const { return entries_; }

private:
    std::vector<std::string> entries_;
};

}  // namespace

TEST(Lifecycle, StartsInOrderAndDrainsAllBeforeItStopsInReverse) {
    Diary diary;
    Lifecycle lifecycle;
    lifecycle.add(diary.part("stream"));
    lifecycle.add(diary.part("gateway"));
    lifecycle.start();
    lifecycle.stop(milliseconds(10));
    EXPECT_EQ(diary.entries(), (std::vector<std::string>{"start stream", "start gateway", "drain gateway",
                                                         "drain stream", "stop gateway", "stop stream"}));
}

TEST(Lifecycle, StopsWhatWasStartedWhenAPartFails) {
    Diary diary;
    Lifecycle lifecycle;
    lifecycle.add(diary.part("stream"));
    auto broken = diary.part("gateway");
    broken.start = [] { throw std::runtime_error("port 1958 is taken"); };
    lifecycle.add(std::move(broken));
    lifecycle.add(diary.part("never"));
    EXPECT_THROW(lifecycle.start(), std::runtime_error);
    EXPECT_EQ(diary.entries(), (std::vector<std::string>{"start stream", "drain stream", "stop stream"}));
}

TEST(Lifecycle, StopsOnce) {
    Diary diary;
    {
        Lifecycle lifecycle;
        lifecycle.add(diary.part("a"));
        lifecycle.start();
        lifecycle.stop(milliseconds(0));
        lifecycle.stop(milliseconds(0));
    }
    EXPECT_EQ(diary.entries().size(), 3U);
}

TEST(Lifecycle, StopsAtItsEnd) {
    Diary diary;
    {
        Lifecycle lifecycle;
        lifecycle.add(diary.part("a"));
        lifecycle.start();
    }
    EXPECT_EQ(diary.entries().back(), "stop a");
}

TEST(Lifecycle, APartThatCannotDrainDoesNotKeepOthersFromStopping) {
    Diary diary;
    Lifecycle lifecycle;
    lifecycle.add(diary.part("a"));
    auto broken = diary.part("b");
    broken.drain = [](auto) { throw std::runtime_error("broker is gone"); };
    lifecycle.add(std::move(broken));
    lifecycle.start();
    lifecycle.stop(milliseconds(0));
    EXPECT_EQ(diary.entries(), (std::vector<std::string>{"start a", "start b", "drain a", "stop b", "stop a"}));
}

TEST(Lifecycle, AllPartsShareOneDeadline) {
    Lifecycle lifecycle;
    std::vector<std::chrono::steady_clock::time_point> deadlines;
    for (const char* name : {"a", "b"}) {
        Lifecycle::Part part{name};
        part.drain = [&](auto deadline) { deadlines.push_back(deadline); };
        lifecycle.add(std::move(part));
    }
    lifecycle.start();
    const auto before = std::chrono::steady_clock::now();
    lifecycle.stop(milliseconds(5'000));
    ASSERT_EQ(deadlines.size(), 2U);
    EXPECT_EQ(deadlines[0], deadlines[1]);
    EXPECT_GE(deadlines[0], before + milliseconds(5'000));
}

TEST(StopToken, WakesWhoSleepsOnIt) {
    StopToken stop;
    EXPECT_FALSE(stop.wait_for(milliseconds(1)));
    std::thread asker([&] { stop.request(); });
    EXPECT_TRUE(stop.wait_for(milliseconds(60'000)));
    asker.join();
    EXPECT_TRUE(stop.requested());
    EXPECT_TRUE(stop.wait_for(milliseconds(60'000)));
}
