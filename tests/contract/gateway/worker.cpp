#include "worker.hpp"

#include <charconv>

#include "domain/header_names.hpp"
#include "domain/time.hpp"
#include "schema/builtin_schemas.hpp"

namespace nearline::test {
using namespace std::chrono_literals;

Worker::Worker(stream::Stream& stream, schema::Registry& registry, Make answer)
    : stream_(stream),
      input_(registry, {.topic = "input-topic", .schema = std::string(schema::iris_input())}),
      output_(registry, {.topic = "output-topic", .schema = std::string(schema::iris_output())}),
      make_(std::move(answer)),
      producer_(stream.producer({})) {
    output_.connect().value();
    thread_ = std::thread([this] { run(); });
}

Worker::~Worker() {
    stopping_ = true;
    thread_.join();
    producer_->flush(2s);
}

std::vector<stream::Header> Worker::last_headers() const {
    const std::lock_guard lock(mutex_);
    return headers_;
}

void Worker::run() {
    stream::GroupOptions options;
    options.group = "nearline-prediction-iris";
    options.topics = {"input-topic"};
    const auto consumer = stream_.consumer(options, {});
    while (!stopping_) {
        std::vector<stream::Position> done;
        for (const auto& record : consumer->poll(100, 50ms)) {
            answer(record);
            done.push_back({record.at, record.offset + 1});
        }
        if (!done.empty()) consumer->commit(done);
    }
    consumer->close();
}

void Worker::answer(const stream::ConsumedRecord& record) {
    ++taken_;
    {
        const std::lock_guard lock(mutex_);
        headers_ = record.headers;
    }
    const auto decoded = input_.decode(record.value);
    const auto& document = std::get<boost::json::value>(decoded).as_object();
    Prediction prediction;
    for (const auto& [name, value] : document) prediction.features.push_back({name, value.to_number<double>()});
    prediction.model_id = "afe4e043-4d09-4bf9-9fe8-a6d030441221";
    prediction.prediction = "setosa";
    prediction.model_type = "LogisticRegressionModel";
    prediction.created_at = to_created_at(wall_now());
    prediction.message = "Success";
    stream::Record answer;
    answer.value = output_.encode(to_json(make_(prediction)));
    answer.headers = record.headers;
    std::optional<int> partition;
    if (const auto header = find_header(record, header_names::reply_partition)) {
        int number = 0;
        std::from_chars(header->data(), header->data() + header->size(), number);
        partition = number;
    }
    producer_->produce("output-topic", partition, std::move(answer), [](const stream::Delivery&) {});
}

}  // namespace nearline::test
