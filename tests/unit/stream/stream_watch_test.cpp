#include "stream/stream_watch.hpp"

#include <atomic>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/scripted_stream.hpp"

namespace nearline::stream {
namespace {

using test::ScriptedStream;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class StreamWatchTest : public ::testing::Test {
protected:
    StreamWatchTest() { stream_.make_topic("input-topic"); }

    void make(std::uint64_t stored_step = 0) {
        watch_ = std::make_unique<StreamWatch>(
            stream_, health_,
            StreamWatch::Options{.dependency = "kafka",
                                 .witness = "test",
                                 .stored = [this, stored_step] { return stored_ += stored_step; },
                                 .on_look =
                                     [this](const std::string& why) {
                                         if (looks_ == 0) first_why_ = why;
                                         ++looks_;
                                     },
                                 .on_made_anew = [this] { ++made_anew_; }});
    }
    void start(std::uint64_t stored_step = 0) {
        make(stored_step);
        watch_->start();
    }
    /// As they are now; those that are not there, as ones that were.
    void expect(const std::vector<std::string>& topics) {
        std::map<std::string, TopicInfo> found;
        const auto admin = stream_.admin(std::chrono::milliseconds(0));
        for (const auto& name : topics)
            found[name] = admin->topic(name).value_or(TopicInfo{.name = name, .id = "gone"});
        watch_->expect(found);
    }
    bool missing(const std::string& why) {
        return stream_.wait([&] {
            const auto all = health_.missing();
            return why.empty() ? all.empty() : all.contains("kafka") && all.at("kafka") == why;
        });
    }
    bool has_looked() {
        const int before = looks_;
        return stream_.wait([&] { return looks_ > before + 1; });
    }

    ScriptedStream stream_;
    Metrics metrics_;
    Health health_{metrics_};
    std::atomic<std::uint64_t> stored_{0};
    std::atomic<int> looks_{0};
    std::string first_why_;  // of the first look; once there was one
    std::atomic<int> made_anew_{0};
    std::unique_ptr<StreamWatch> watch_;
};

TEST_F(StreamWatchTest, SeesTheStreamGoAndComeBackWithNothingToDo) {
    start();
    ASSERT_TRUE(has_looked());
    EXPECT_THAT(health_.missing(), IsEmpty());
    stream_.answer_ping("no broker answers");
    EXPECT_TRUE(missing("no broker answers"));
    EXPECT_THAT(metrics_.exposition(), HasSubstr("nearline_dependency_up{dependency=\"kafka\"} 0"));
    stream_.answer_ping("");
    EXPECT_TRUE(missing(""));
}

TEST_F(StreamWatchTest, LeavesAloneWhatOthersSayOfTheSameDependency) {
    health_.down("kafka", "dead letters can't be written", "archive");
    start();
    ASSERT_TRUE(has_looked());
    EXPECT_TRUE(missing("dead letters can't be written"));
}

TEST_F(StreamWatchTest, TakesRecordsThatAreStoredForAnAnswer) {
    stream_.answer_ping("timed out");
    start(1);
    ASSERT_TRUE(has_looked());
    EXPECT_THAT(health_.missing(), IsEmpty());
}

TEST_F(StreamWatchTest, TakesNoRecordForAnAnswerThatWasStoredBeforeItAsked) {
    make();
    expect({"input-topic"});
    stream_.fail_admin(true);
    stored_ = 1;
    watch_->start();
    ASSERT_TRUE(has_looked());
    EXPECT_EQ(first_why_, "no broker answers");
}

TEST_F(StreamWatchTest, NamesTopicsThatAreMissing) {
    start();
    expect({"input-topic", "output-topic"});
    EXPECT_TRUE(missing("topic output-topic does not exist"));
    stream_.delete_topic("input-topic");
    EXPECT_TRUE(missing("topic input-topic does not exist, topic output-topic does not exist"));
    stream_.make_topic("input-topic");
    stream_.make_topic("output-topic");
    EXPECT_TRUE(missing(""));
}

TEST_F(StreamWatchTest, TellsOnceOfATopicThatWasMadeAnew) {
    stream_.make_topic("output-topic");
    start();
    expect({"input-topic", "output-topic"});
    ASSERT_TRUE(has_looked());
    stream_.delete_topic("input-topic");
    ASSERT_TRUE(missing("topic input-topic does not exist"));
    EXPECT_EQ(made_anew_, 0);
    stream_.make_topic("input-topic");
    EXPECT_TRUE(stream_.wait([&] { return made_anew_ == 1; }));
    EXPECT_THAT(watch_->made_anew(), ElementsAre("input-topic"));
    EXPECT_THAT(watch_->made_anew(), IsEmpty());
    ASSERT_TRUE(has_looked());
    EXPECT_EQ(made_anew_, 1);
}

TEST_F(StreamWatchTest, SeesATopicMadeAnewThatItNeverSawMissing) {
    start();
    expect({"input-topic"});
    stream_.delete_topic("input-topic");
    stream_.make_topic("input-topic");
    EXPECT_TRUE(stream_.wait([&] { return made_anew_ == 1; }));
}

}  // namespace
}  // namespace nearline::stream
