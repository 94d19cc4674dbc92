#include "prediction/worker.hpp"

#include <atomic>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <gmock/gmock.h>
#include <map>
#include <set>
#include <thread>

#include "contract/stream/fixture.hpp"
#include "schema/builtin_schemas.hpp"
#include "schema/framing.hpp"
#include "stream/dead_letter.hpp"
#include "stream/ensure_topics.hpp"
#include "support/scripted_registry.hpp"

namespace nearline::prediction {
namespace {

using namespace std::chrono_literals;
using stream::testing::wait_until;

constexpr int partitions = 4;
constexpr const char* virginica = R"({"sepal_length":0.5,"sepal_width":2.6,"petal_length":6.5,"petal_width":1.7})";

/// All that a worker has around it, except for the stream, which several share.
struct Service {
    Service(stream::Stream& stream, schema::Registry& registry, Worker::Options options)
        : input(registry, {.topic = options.topic, .schema = std::string(schema::iris_input())}),
          output(registry, {.topic = options.output_topic, .schema = std::string(schema::iris_output())}) {
        options.on_ready = [this] { ready = true; };
        worker = std::make_unique<Worker>(stream, input, output, models, options, metrics, health);
        worker->start();
    }
    bool wait_until_ready() {
        return wait_until([this] { return ready.load(); });
    }
    double count(const char* outcome) {
        return metrics.counter("nearline_prediction_records_total", "", {{"outcome", outcome}}).value();
    }

    Metrics metrics;
    Health health{metrics};
    schema::TopicCodec input;
    schema::TopicCodec output;
    ModelHolder models{{.file = "models/iris.onnx"}, nullptr, metrics, health};
    std::atomic<bool> ready{false};
    std::unique_ptr<Worker> worker;
};

/// Sends requests on a thread of its own, until it is stopped.
class Load {
public:
    /// `send` gives the request's id.
    explicit Load(std::function<std::string()> send) : send_(std::move(send)) {
        thread_ = std::thread([this] {
            while (goes_on_) {
                for (int i = 0; i < 20; ++i) ids_.insert(send_());
                std::this_thread::sleep_for(2ms);
            }
        });
    }
    ~Load() { stop(); }
    Load(const Load&) = delete;
    Load& operator=(const Load&) = delete;

    /// Their ids.
    std::set<std::string> stop() {
        goes_on_ = false;
        if (thread_.joinable()) thread_.join();
        return ids_;
    }

private:
    std::function<std::string()> send_;
    std::atomic<bool> goes_on_ = true;
    std::set<std::string> ids_;
    std::thread thread_;
};

class WorkerContract : public stream::testing::StreamContract {
protected:
    test::ScriptedRegistry registry_;
    Worker::Options options_;
    std::map<stream::TopicPartition, std::vector<stream::ConsumedRecord>> read_;
    std::unique_ptr<stream::Producer> requests_;
    std::unique_ptr<stream::Reader> reader_;

    void SetUp() override {
        StreamContract::SetUp();
        options_.topic = stream::testing::unique("input");
        options_.output_topic = stream::testing::unique("output");
        options_.group = stream::testing::unique("group");
        options_.topic_options.partitions = partitions;
        Metrics metrics;
        Health health(metrics);
        const StopToken stop;
        const auto letters = stream::dead_letter_topic(options_.topic, options_.role);
        stream::ensure_topics(stream(),
                              {{options_.topic, options_.topic_options},
                               {options_.output_topic, options_.topic_options},
                               {letters, options_.topic_options}},
                              health, "stream", stop);
        requests_ = stream().producer({.delivery_timeout = 20s});
        reader_ = stream().reader();
        for (int i = 0; i < partitions; ++i) {
            reader_->assign({{{options_.output_topic, i}, 0}, {{letters, i}, 0}});
        }
    }
    void TearDown() override {
        requests_.reset();
        reader_.reset();
        StreamContract::TearDown();
    }

    std::unique_ptr<Service> start() { return std::make_unique<Service>(stream(), registry_, options_); }

    std::string send(std::optional<std::string> value, std::optional<int> reply_partition = std::nullopt) {
        auto id = Uuid::random().to_string();
        stream::Record record{.value = std::move(value), .headers = {{"request-id", id}}};
        if (reply_partition) record.headers.push_back({"reply-partition", std::to_string(*reply_partition)});
        requests_->produce(options_.topic, std::nullopt, std::move(record), [](const stream::Delivery&) {});
        return id;
    }
    std::string valid() {
        const auto id = registry_.put(options_.topic + "-value", std::string(schema::iris_input()));
        return schema::frame(id, virginica);
    }

    /// How often each request was answered, as far as read.
    std::map<std::string, int> answers() const {
        std::map<std::string, int> count;
        for (const auto& [at, records] : read_) {
            if (at.topic != options_.output_topic) continue;
            for (const auto& record : records) ++count[std::string(*stream::find_header(record, "request-id"))];
        }
        return count;
    }
    /// Where on the output topic its answers are, and what they say.
    std::string answers_to(const std::string& id) const {
        std::string text;
        for (const auto& [at, records] : read_) {
            for (const auto& record : records) {
                if (stream::find_header(record, "request-id") != id) continue;
                const auto frame = schema::unframe(record.value.value_or(""));
                text += at.topic + "[" + std::to_string(at.partition) + "]@" + std::to_string(record.offset) + " " +
                        std::string(frame ? frame->payload : "no frame") + "\n";
            }
        }
        return text;
    }
    std::size_t dead_letters() const {
        std::size_t count = 0;
        for (const auto& [at, records] : read_) {
            if (at.topic != options_.output_topic) count += records.size();
        }
        return count;
    }
    bool read_until(const std::function<bool()>& condition) {
        return wait_until([&] {
            for (auto& record : reader_->poll(1'000, 20ms)) read_[record.at].push_back(std::move(record));
            return condition();
        });
    }
    bool read_answers_to(const std::set<std::string>& ids) {
        return read_until([&] {
            const auto got = answers();
            return std::all_of(ids.begin(), ids.end(), [&](const auto& id) { return got.contains(id); });
        });
    }
    /// Whether the group has nothing left to do.
    bool wait_until_all_is_committed() {
        const auto admin = stream().admin(10s);
        return wait_until([&] {
            const auto committed = admin->committed(options_.group);
            for (int i = 0; i < partitions; ++i) {
                const stream::TopicPartition at{options_.topic, i};
                const auto end = admin->watermarks(at).end;
                const auto found = committed.find(at);
                if (end > 0 && (found == committed.end() || found->second < end)) return false;
            }
            return true;
        });
    }
};

TEST_P(WorkerContract, AnswersEachRequestOnceOnItsPartitionAndPutsPoisonAside) {
    const auto service = start();
    std::map<std::string, int> wanted;
    std::set<std::string> poison;
    for (int i = 0; i < 600; ++i) {
        const auto id = i % 10 == 0 ? send("poison", i % partitions) : send(valid(), i % partitions);
        wanted[id] = i % partitions;
        if (i % 10 == 0) poison.insert(id);
    }
    ASSERT_TRUE(read_until([&] { return answers().size() >= 600 && dead_letters() >= 60; }));
    for (const auto& [at, records] : read_) {
        if (at.topic != options_.output_topic) continue;
        for (const auto& record : records) {
            const std::string id(*stream::find_header(record, "request-id"));
            EXPECT_EQ(at.partition, wanted.at(id));
            const auto json = boost::json::parse(schema::unframe(*record.value)->payload);
            EXPECT_TRUE(service->output.schema().validate(json).empty());
            EXPECT_EQ(json.at("status"), poison.contains(id) ? 400 : 200);
        }
    }
    for (const auto& [id, count] : answers()) EXPECT_EQ(count, 1) << answers_to(id);
    EXPECT_EQ(dead_letters(), 60U);
    EXPECT_TRUE(wait_until_all_is_committed());
}

TEST_P(WorkerContract, AnOutsidersRecordsAreAnsweredEachByItsOwnId) {
    const auto service = start();
    for (int i = 0; i < 20; ++i) {
        requests_->produce(options_.topic, std::nullopt, {.key = "all alike", .value = valid()},
                           [](const stream::Delivery&) {});
    }
    ASSERT_TRUE(read_until([&] { return answers().size() >= 20; }));
    const auto home = stream::partition_of_key("all alike", partitions);
    EXPECT_EQ(read_.size(), 1U);
    EXPECT_EQ(read_.begin()->first.partition, home);
    EXPECT_EQ(read_.begin()->second.front().key, "all alike");
}

TEST_P(WorkerContract, WhatWasNotCommittedIsAnsweredByTheNextOne) {
    options_.commit_every = 1h;
    std::set<std::string> ids;
    for (int i = 0; i < 3; ++i) {
        auto service = start();
        ASSERT_TRUE(service->wait_until_ready());
        for (int record = 0; record < 2'000; ++record) ids.insert(send(valid()));
        ASSERT_TRUE(wait_until([&] { return service->count("predicted") > 0; }));
        service->worker->stop();  // in the middle of it
    }
    const auto last = start();
    EXPECT_TRUE(read_answers_to(ids));
    last->worker->drain(std::chrono::steady_clock::now() + 10s);
    EXPECT_TRUE(wait_until_all_is_committed()) << "by the drain alone";
}

TEST_P(WorkerContract, WorkersComeAndGoAndNoRequestIsLostOrAnsweredTwice) {
    Load load([this] { return send(valid()); });
    auto first = start();
    EXPECT_TRUE(wait_until([&] { return first->count("predicted") > 100; }));
    auto second = start();
    EXPECT_TRUE(wait_until([&] { return second->count("predicted") > 100; })) << "it gets a share";
    first->worker->drain(std::chrono::steady_clock::now() + 10s);
    const auto taken_over = second->count("predicted");
    EXPECT_TRUE(wait_until([&] { return second->count("predicted") > taken_over + 500; }));
    const auto ids = load.stop();
    ASSERT_TRUE(read_answers_to(ids));
    EXPECT_TRUE(wait_until_all_is_committed());
    for (const auto& [id, count] : answers()) EXPECT_EQ(count, 1) << answers_to(id);
    EXPECT_EQ(first->count("abandoned") + second->count("abandoned"), 0);
}

TEST_P(WorkerContract, ARegistryThatGoesAndComesBackCostsNoRequest) {
    const auto service = start();
    ASSERT_TRUE(service->wait_until_ready());
    const auto other = registry_.put(options_.topic + "-value", R"({"type":"object"})");
    registry_.away(true);
    std::set<std::string> ids;
    std::set<std::string> known;
    for (int i = 0; i < 100; ++i) {
        ids.insert(send(schema::frame(other, virginica)));
        known.insert(send(valid()));
    }
    EXPECT_TRUE(read_answers_to(known)) << "its schema was known";
    registry_.away(false);
    EXPECT_TRUE(read_answers_to(ids));
    EXPECT_EQ(dead_letters(), 0U);
    EXPECT_TRUE(wait_until_all_is_committed());
}

class ExactlyOnceContract : public WorkerContract {
protected:
    void SetUp() override {
        WorkerContract::SetUp();
        options_.exactly_once = true;
    }
    void expect_each_once(const std::set<std::string>& ids) {
        EXPECT_TRUE(read_answers_to(ids));
        EXPECT_TRUE(wait_until_all_is_committed());
        for (const auto& [id, count] : answers()) EXPECT_EQ(count, 1) << answers_to(id);
        EXPECT_EQ(answers().size(), ids.size());
    }
};

TEST_P(ExactlyOnceContract, WorkersThatStopInTheMiddleRepeatNothing) {
    std::set<std::string> ids;
    for (int i = 0; i < 3; ++i) {
        auto service = start();
        ASSERT_TRUE(service->wait_until_ready());
        for (int record = 0; record < 2'000; ++record) ids.insert(send(record % 100 == 0 ? "poison" : valid()));
        ASSERT_TRUE(wait_until([&] { return service->count("predicted") > 0; }));
        service->worker->stop();
    }
    const auto last = start();
    expect_each_once(ids);
    EXPECT_TRUE(read_until([&] { return dead_letters() >= 60; })) << "they need not come with the last answer";
    EXPECT_EQ(dead_letters(), 60U);
}

TEST_P(ExactlyOnceContract, WorkersComeAndGoUnderLoad) {
    Load load([this] { return send(valid()); });
    auto first = start();
    EXPECT_TRUE(wait_until([&] { return first->count("predicted") > 100; }));
    auto second = start();
    EXPECT_TRUE(wait_until([&] { return second->count("predicted") > 100; })) << "it gets a share";
    first->worker->drain(std::chrono::steady_clock::now() + 10s);
    const auto third = start();
    EXPECT_TRUE(wait_until([&] { return third->count("predicted") > 100; }));
    second->worker->stop();
    const auto ids = load.stop();
    expect_each_once(ids);
}

INSTANTIATE_TEST_SUITE_P(Streams, ExactlyOnceContract, ::testing::ValuesIn(stream::testing::implementations()),
                         stream::testing::name_of);
INSTANTIATE_TEST_SUITE_P(Streams, WorkerContract, ::testing::ValuesIn(stream::testing::implementations()),
                         stream::testing::name_of);

}  // namespace
}  // namespace nearline::prediction
