#include <gmock/gmock.h>
#include <thread>

#include "contract/stream/fixture.hpp"

namespace nearline::stream::testing {
namespace {

/// A member on a thread of its own that commits all the time, as a worker under load does.
class BusyMember {
public:
    BusyMember(Stream& stream, const GroupOptions& options)
        : consumer_(stream.consumer(options, {.assigned = [this](const auto&) { ++assigned; },
                                              .lost = [this](const auto& gone) { lost += gone.size(); }})),
          thread_([this] { run(); }) {}
    ~BusyMember() {
        stop_ = true;
        thread_.join();
    }

    std::atomic<std::size_t> assigned = 0;
    std::atomic<std::size_t> lost = 0;

private:
    void run() {
        while (!stop_) {
            for (const auto& record : consumer_->poll(10, 1ms)) next_[record.at] = record.offset + 1;
            std::vector<Position> positions;
            for (const auto& [at, offset] : next_) positions.push_back({at, offset});
            consumer_->commit_async(positions);
        }
        consumer_->close();
    }

    std::map<TopicPartition, std::int64_t> next_;
    std::atomic<bool> stop_ = false;
    std::unique_ptr<GroupConsumer> consumer_;
    std::thread thread_;
};

class Rebalances : public StreamContract {};

TEST_P(Rebalances, TakeNothingFromAMemberThatCommitsMeanwhile) {
    const auto name = topic(6);
    const auto options = group(name, unique("group"));
    for (int i = 0; i < 6; ++i) send_values(name, i, std::vector<std::string>(50, "x"));
    std::vector<std::unique_ptr<BusyMember>> members;
    for (int i = 0; i < 4; ++i) {
        members.push_back(std::make_unique<BusyMember>(stream(), options));
        ASSERT_TRUE(wait_until([&] { return members.back()->assigned > 0; })) << i;
    }
    members.erase(members.begin());
    members.erase(members.begin());
    ASSERT_TRUE(wait_until([&] { return members[0]->assigned > 1 && members[1]->assigned > 1; }));
    for (const auto& member : members) EXPECT_EQ(member->lost, 0U);
}

INSTANTIATE_TEST_SUITE_P(Stream, Rebalances, ::testing::ValuesIn(implementations()), name_of);

}  // namespace
}  // namespace nearline::stream::testing
