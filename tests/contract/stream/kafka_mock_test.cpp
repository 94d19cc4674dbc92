#include <algorithm>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include "contract/stream/fixture.hpp"

// What no real broker does when it is asked to: librdkafka's own broker refuses as the test says.
namespace nearline::stream::testing {
namespace {

constexpr std::int16_t offset_commit = 8;  // Kafka's number of the request

class MockBroker {
public:
    MockBroker() : client_(rd_kafka_new(RD_KAFKA_PRODUCER, nullptr, nullptr, 0)) {
        cluster_ = rd_kafka_mock_cluster_new(client_, 1);
        rd_kafka_mock_start_request_tracking(cluster_);
    }
    ~MockBroker() {
        rd_kafka_mock_cluster_destroy(cluster_);
        rd_kafka_destroy(client_);
    }
    MockBroker(const MockBroker&) = delete;
    MockBroker& operator=(const MockBroker&) = delete;

    std::string address() const { return rd_kafka_mock_cluster_bootstraps(cluster_); }
    void make_topic(const std::string& name, int partitions) {
        rd_kafka_mock_topic_create(cluster_, name.c_str(), partitions, 1);
    }
    void refuse(std::int16_t request, rd_kafka_resp_err_t error) {
        rd_kafka_mock_push_request_errors(cluster_, request, 1, error);
    }
    /// How often it was asked for this.
    int count(std::int16_t request) {
        std::size_t all = 0;
        auto** requests = rd_kafka_mock_get_requests(cluster_, &all);
        const auto count = std::count_if(requests, requests + all,
                                         [&](auto* each) { return rd_kafka_mock_request_api_key(each) == request; });
        rd_kafka_mock_request_destroy_array(requests, all);
        return static_cast<int>(count);
    }

private:
    rd_kafka_t* client_;
    rd_kafka_mock_cluster_t* cluster_;
};

TEST(KafkaMock, ACommitThatFailedIsSentAgainThoughNothingMoreComes) {
    MockBroker broker;
    broker.make_topic("t", 1);
    Metrics metrics;
    const auto stream = open_kafka(broker.address(), {}, "contract-tests", metrics);
    const auto member = stream->consumer({.group = "g", .topics = {"t"}}, {});
    ASSERT_TRUE(poll_until([&] { return member->assignment().size() == 1; }, *member));
    broker.refuse(offset_commit, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
    member->commit_async({{{"t", 0}, 1}});
    EXPECT_TRUE(poll_until([&] { return broker.count(offset_commit) == 2; }, *member));
    EXPECT_NO_THROW(member->commit({{{"t", 0}, 2}}));
    EXPECT_EQ(broker.count(offset_commit), 3) << "the second was stored";
}

}  // namespace
}  // namespace nearline::stream::testing
