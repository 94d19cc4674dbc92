#include "gateway/backlog_sampler.hpp"

#include "contract/stream/fixture.hpp"

namespace nearline::gateway {
namespace {

using namespace std::chrono_literals;

class BacklogSamplerContract : public stream::testing::StreamContract {
protected:
    const std::string group_ = stream::testing::unique("group");
    std::string topic_;
    std::unique_ptr<stream::Admin> admin_;

    void SetUp() override {
        StreamContract::SetUp();
        topic_ = topic(2);
        admin_ = stream().admin(10s);
    }
    void TearDown() override {
        admin_.reset();
        StreamContract::TearDown();
    }

    /// Records that are there for good only with their transaction, which ends in an offset of its own on Kafka.
    void transact(const std::vector<std::string>& values) {
        auto producer = stream().transactional_producer({.group = stream::testing::unique("another")});
        producer->settle();
        std::vector<stream::Addressed> records;
        for (const auto& value : values) records.push_back({topic_, 0, {.value = value}});
        ASSERT_EQ(producer->transact(records, {}).outcome, stream::TransactionReport::Outcome::committed);
    }
    void commit(std::int64_t offset) {
        auto member = stream().consumer(group(topic_, group_), {});
        ASSERT_TRUE(stream::testing::poll_until([&] { return member->assignment().size() == 2; }, *member));
        ASSERT_NO_THROW(member->commit({{{topic_, 0}, offset}}));
        member->close();
    }
    static std::int64_t left(const std::vector<std::optional<BacklogEstimate::Position>>& positions) {
        std::int64_t sum = 0;
        for (const auto& position : positions) {
            sum += position.value().end - std::max(position->start, position->committed);
        }
        return sum;
    }
};

TEST_P(BacklogSamplerContract, SeesWhereTheGroupStands) {
    BacklogSampler sampler(stream(), *admin_, {.topic = topic_, .group = group_});
    EXPECT_EQ(left(sampler.sample()), 0);
    send_values(topic_, 0, {"a", "b", "c"});
    send_values(topic_, 1, {"d"});
    EXPECT_EQ(left(sampler.sample()), 4);
    commit(1);
    EXPECT_EQ(left(sampler.sample()), 3);
}

TEST_P(BacklogSamplerContract, OffsetsWithoutARecordAreNoBacklog) {
    BacklogSampler sampler(stream(), *admin_, {.topic = topic_, .group = group_, .patience = 0ms});
    transact({"a", "b"});
    commit(2);
    sampler.sample();  // looks into what may be left
    EXPECT_EQ(left(sampler.sample()), 0);
    send_values(topic_, 0, {"c"});
    sampler.sample();
    const auto end = admin_->watermarks({topic_, 0}).end;
    EXPECT_EQ(left(sampler.sample()), end - 2) << "behind them is one";
    commit(end);
    EXPECT_EQ(left(sampler.sample()), 0);
}

TEST_P(BacklogSamplerContract, ALongQueueOfOnePartitionHidesNoOther) {
    BacklogSampler sampler(stream(), *admin_, {.topic = topic_, .group = group_, .patience = 0ms});
    send_values(topic_, 0, std::vector<std::string>(20'000, std::string(200, 'x')));
    send_values(topic_, 1, {"a"});
    sampler.sample();
    EXPECT_EQ(left(sampler.sample()), 20'001);
}

INSTANTIATE_TEST_SUITE_P(Streams, BacklogSamplerContract, ::testing::ValuesIn(stream::testing::implementations()),
                         stream::testing::name_of);

}  // namespace
}  // namespace nearline::gateway
