#pragma once

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>
#include <string>

#include "prediction/worker.hpp"
#include "schema/builtin_schemas.hpp"
#include "schema/framing.hpp"
#include "support/scripted_registry.hpp"
#include "support/scripted_stream.hpp"

namespace nearline::prediction {

inline constexpr const char* virginica =
    R"({"sepal_length":0.5,"sepal_width":2.6,"petal_length":6.5,"petal_width":1.7})";
inline constexpr const char* setosa = R"({"sepal_length":5.2,"sepal_width":3.6,"petal_length":1.5,"petal_width":0.3})";
inline constexpr const char* dlq = "input-topic.prediction.dlq";

using test::ScriptedRegistry;
using test::ScriptedStream;

/// A worker on a scripted stream and registry; partitions 0 to 2 of input-topic are its own at start.
class WorkerTest : public testing::Test {
protected:
    ScriptedStream stream_;
    ScriptedRegistry registry_;
    Metrics metrics_;
    Health health_{metrics_};
    Worker::Options options_;
    std::string model_file_ = "models/iris.onnx";
    std::unique_ptr<schema::TopicCodec> input_;
    std::unique_ptr<schema::TopicCodec> output_;
    std::unique_ptr<ModelHolder> models_;
    std::unique_ptr<Worker> worker_;
    std::atomic<bool> ready_{false};
    std::mutex fatal_mutex_;
    std::string fatal_;

    WorkerTest() {
        options_.commit_every = std::chrono::milliseconds(5);
        options_.handover_time = std::chrono::milliseconds(100);
        options_.on_ready = [this] { ready_ = true; };
        options_.on_fatal = [this](const std::string& why) {
            const std::scoped_lock lock(fatal_mutex_);
            fatal_ = why;
        };
        stream_.assign({in(0), in(1), in(2)});
    }
    ~WorkerTest() override {
        if (worker_) worker_->stop();
    }

    static stream::TopicPartition in(int partition) { return {"input-topic", partition}; }

    void start() {
        input_ = make_codec("input-topic", std::string(schema::iris_input()));
        output_ = make_codec("output-topic", std::string(schema::iris_output()));
        models_ = std::make_unique<ModelHolder>(ModelHolder::Options{.file = model_file_}, nullptr, metrics_, health_);
        worker_ = std::make_unique<Worker>(stream_, *input_, *output_, *models_, options_, metrics_, health_);
        worker_->start();
    }
    std::unique_ptr<schema::TopicCodec> make_codec(const std::string& topic, const std::string& text) {
        return std::make_unique<schema::TopicCodec>(
            registry_, schema::TopicCodec::Options{.topic = topic,
                                                   .schema = text,
                                                   .unknown_id_patience = std::chrono::milliseconds(20),
                                                   .unknown_id_memory = std::chrono::milliseconds(60'000)});
    }

    /// The id of the input topic's schema.
    std::int32_t schema_id() { return registry_.put("input-topic-value", std::string(schema::iris_input())); }
    stream::Record request(const std::string& json, std::vector<stream::Header> headers = {}) {
        return {.key = std::nullopt, .value = schema::frame(schema_id(), json), .headers = std::move(headers)};
    }
    std::string new_id() { return Uuid::random().to_string(); }

    std::vector<ScriptedStream::Stored> answers() { return stream_.stored("output-topic"); }
    std::vector<ScriptedStream::Stored> dead_letters() { return stream_.stored(dlq); }
    bool wait_for_answers(std::size_t count) {
        return stream_.wait([&] { return answers().size() >= count; });
    }
    bool wait_for_commit(int partition, std::int64_t offset) {
        return stream_.wait([&] { return committed(partition) == offset; });
    }
    std::int64_t committed(int partition) {
        const auto all = stream_.committed();
        const auto found = all.find(in(partition));
        return found == all.end() ? -1 : found->second;
    }
    double count(const std::string& name, const Labels& labels = {}) {
        return metrics_.counter(name, "", labels).value();
    }

    static boost::json::value json_of(const ScriptedStream::Stored& stored) {
        return boost::json::parse(schema::unframe(*stored.record.value)->payload);
    }
    static std::string header(const ScriptedStream::Stored& stored, const char* name) {
        return std::string(stream::find_header(stored.record, name).value_or("(none)"));
    }
    static const stream::Delivery& failed() {
        static const stream::Delivery delivery{.outcome = stream::Delivery::Outcome::unknown, .reason = "timed out"};
        return delivery;
    }
    static std::optional<stream::Delivery> hold() { return std::nullopt; }
};

}  // namespace nearline::prediction
