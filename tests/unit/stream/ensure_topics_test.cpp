#include "stream/ensure_topics.hpp"

#include <functional>
#include <gtest/gtest.h>
#include <map>
#include <stdexcept>
#include <thread>

#include "domain/problem.hpp"

namespace nearline::stream {
namespace {

/// A cluster that is away for the first so many calls, and shows new topics only when asked again.
struct Cluster {
    int failures = 0;
    int shows_after = 0;
    std::map<std::string, TopicOptions> topics;
    int created = 0;
    bool keeps_copies = true;
    std::function<void()> on_first_question = [] {};
};

class ScriptedAdmin : public Admin {
public:
    explicit ScriptedAdmin(Cluster& cluster) : cluster_(cluster) {}
    std::string cluster_id() override { return "test"; }
    std::vector<TopicInfo> topics() override { return {}; }
    std::optional<TopicInfo> topic(const std::string& name) override {
        cluster_.on_first_question();
        cluster_.on_first_question = [] {};
        fail_if_told();
        const auto found = cluster_.topics.find(name);
        if (found == cluster_.topics.end()) return std::nullopt;
        if (cluster_.shows_after > 0) {
            --cluster_.shows_after;
            return std::nullopt;
        }
        return TopicInfo{name, found->second.partitions, found->second.replication_factor};
    }
    bool create_topic(const std::string& name, const TopicOptions& options) override {
        fail_if_told();
        if (!cluster_.topics.emplace(name, options).second) return false;
        ++cluster_.created;
        return true;
    }
    bool keeps_copies() const noexcept override { return cluster_.keeps_copies; }
    std::chrono::milliseconds retention(const std::string&) override { return {}; }
    Watermarks watermarks(const TopicPartition&) override { return {}; }
    std::int64_t offset_at(const TopicPartition&, std::int64_t) override { return 0; }
    void delete_records(const TopicPartition&, std::int64_t) override {}
    std::vector<GroupInfo> groups() override { return {}; }
    std::map<TopicPartition, std::int64_t> committed(const std::string&) override { return {}; }
    std::map<TopicPartition, std::int64_t> committed(const std::string&, const std::string&) override { return {}; }

private:
    void fail_if_told() {
        if (cluster_.failures > 0) {
            --cluster_.failures;
            throw Unavailable("no broker answers");
        }
    }
    Cluster& cluster_;
};

class ScriptedStream : public Stream {
public:
    explicit ScriptedStream(Cluster& cluster) : cluster_(cluster) {}
    std::unique_ptr<Producer> producer(const ProducerOptions&) override { return nullptr; }
    std::unique_ptr<GroupConsumer> consumer(const GroupOptions&, RebalanceListener) override { return nullptr; }
    std::unique_ptr<GroupMember> member(const GroupOptions&, RebalanceListener) override { return nullptr; }
    std::unique_ptr<Reader> reader() override { return nullptr; }
    std::unique_ptr<Admin> admin(std::chrono::milliseconds) override {
        return std::make_unique<ScriptedAdmin>(cluster_);
    }
    void scan(const std::vector<Position>&, std::chrono::milliseconds,
              const std::function<bool(ConsumedRecord&&)>&) override {}
    std::unique_ptr<FencedWriter> fenced_writer(const std::string&, std::chrono::milliseconds) override {
        return nullptr;
    }
    std::unique_ptr<TransactionalProducer> transactional_producer(const TransactionOptions&) override {
        return nullptr;
    }
    std::string ping(std::chrono::milliseconds) override { return ""; }

private:
    Cluster& cluster_;
};

class EnsureTopics : public testing::Test {
protected:
    Cluster cluster_;
    ScriptedStream stream_{cluster_};
    Metrics metrics_;
    Health health_{metrics_};
    StopToken stop_;

    std::optional<std::map<std::string, TopicInfo>> ensure(const std::vector<WantedTopic>& topics) {
        return ensure_topics(stream_, topics, health_, "kafka", stop_);
    }
};

TEST_F(EnsureTopics, MakesWhatIsMissingAndLeavesWhatIsThere) {
    cluster_.topics["old"] = {.partitions = 3};
    const auto found = ensure({{"old", {.partitions = 12}}, {"new", {.partitions = 5}}});
    ASSERT_TRUE(found);
    EXPECT_EQ(found->at("old").partitions, 3);
    EXPECT_EQ(found->at("new").partitions, 5);
    EXPECT_EQ(cluster_.created, 1);
}

TEST_F(EnsureTopics, WarnsOfOneCopyWhereItMakesOne) {
    const auto said = [&](const std::vector<WantedTopic>& topics) {
        testing::internal::CaptureStderr();
        EXPECT_TRUE(ensure(topics));
        return testing::internal::GetCapturedStderr();
    };
    cluster_.topics["old"] = {};
    const auto words = said({{"old", {}}, {"lone", {}}, {"safe", {.replication_factor = 3}}});
    EXPECT_NE(words.find("topics were made with one copy"), std::string::npos) << words;
    EXPECT_NE(words.find("topics=lone"), std::string::npos) << words;
    EXPECT_EQ(said({{"old", {}}, {"lone", {}}}).find("one copy"), std::string::npos) << "all are there";
    cluster_.keeps_copies = false;
    EXPECT_EQ(said({{"embedded", {}}}).find("one copy"), std::string::npos) << "the embedded log has no others";
}

TEST_F(EnsureTopics, WaitsUntilANewTopicShows) {
    cluster_.shows_after = 2;
    const auto found = ensure({{"new", {}}});
    ASSERT_TRUE(found);
    EXPECT_EQ(found->at("new").partitions, 12);
    EXPECT_EQ(cluster_.created, 1);
}

TEST_F(EnsureTopics, NamesTheStreamBeforeItHasAnswered) {
    std::map<std::string, std::string> missing;
    cluster_.on_first_question = [&] { missing = health_.missing(); };
    ASSERT_TRUE(ensure({{"new", {}}}));
    EXPECT_EQ(missing, (std::map<std::string, std::string>{{"kafka", "has not answered yet"}}));
    EXPECT_TRUE(health_.missing().empty());
}

TEST_F(EnsureTopics, WaitsForTheStreamAndSaysSo) {
    cluster_.failures = 1'000'000;
    std::thread returns([&] {
        while (health_.missing()["kafka"] != "no broker answers") std::this_thread::yield();
        stop_.request();
    });
    EXPECT_FALSE(ensure({{"new", {}}})) << "until it is told to stop";
    returns.join();

    StopToken goes_on;
    cluster_.failures = 2;
    EXPECT_TRUE(ensure_topics(stream_, {{"new", {}}}, health_, "kafka", goes_on));
    EXPECT_TRUE(health_.missing().empty());
}

}  // namespace
}  // namespace nearline::stream
