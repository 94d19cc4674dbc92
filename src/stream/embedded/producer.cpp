#include <chrono>

#include "domain/time.hpp"
#include "stream/embedded/engine.hpp"
#include "stream/embedded/producing.hpp"
#include "stream/embedded/writer.hpp"

namespace nearline::stream::embedded {

Delivery refuse_always(const Engine& engine, const std::string& topic, const Topic* found, std::optional<int> partition,
                       const Record& record) {
    Delivery refusal;
    if (found == nullptr) {
        refusal.reason = "there is no topic " + topic;
    } else if (partition && (*partition < 0 || *partition >= found->options.partitions)) {
        refusal.reason = "topic " + topic + " has no partition " + std::to_string(*partition);
    } else if (const auto size = static_cast<std::size_t>(stored_size(record));
               size > engine.options().max_record_bytes) {
        refusal.reason = "the record has " + std::to_string(size) + " bytes, of at most " +
                         std::to_string(engine.options().max_record_bytes);
        refusal.too_large = true;
    }
    return refusal;
}

int complete(const Topic& topic, std::optional<int> partition, Record& record) {
    if (record.timestamp == 0) record.timestamp = now_ms();
    if (partition) return *partition;
    return record.key ? partition_of_key(*record.key, topic.options.partitions) : -1;
}

namespace {

class EmbeddedProducer final : public Producer {
public:
    EmbeddedProducer(Engine& engine, const ProducerOptions& options) : engine_(engine), options_(options) {}
    ~EmbeddedProducer() override { engine_.writer().abandon(in_flight_); }

    void produce(const std::string& topic, std::optional<int> partition, Record record,
                 OnDelivery on_delivery) override {
        const Topic* found = engine_.log().find_topic(topic);
        Delivery refusal = refuse(topic, found, partition, record);
        int place = partition.value_or(-1);
        if (!refusal.reason.empty()) {
            refusal.outcome = Delivery::Outcome::rejected;
            refusal.at = {topic, place};
            record = {};
        } else {
            place = complete(*found, partition, record);
        }
        in_flight_->taken();
        Entry entry{found, place, std::move(record), std::move(on_delivery), std::move(refusal)};
        engine_.writer().append(in_flight_, {&entry, 1}, std::chrono::steady_clock::now() + options_.delivery_timeout);
    }

    bool flush(std::chrono::milliseconds time) override { return in_flight_->wait(time); }
    std::size_t in_flight() const override { return in_flight_->count(); }

private:
    // With a reason if the record can't be taken.
    Delivery refuse(const std::string& topic, const Topic* found, std::optional<int> partition, const Record& record) {
        auto refusal = refuse_always(engine_, topic, found, partition, record);
        if (refusal.reason.empty() && in_flight_->count() >= options_.max_in_flight) {
            refusal.reason =
                "the queue is full: " + std::to_string(options_.max_in_flight) + " records are on their way";
        }
        return refusal;
    }

    Engine& engine_;
    const ProducerOptions options_;
    const std::shared_ptr<InFlight> in_flight_ = std::make_shared<InFlight>();
};

}  // namespace

std::unique_ptr<Producer> make_producer(Engine& engine, const ProducerOptions& options) {
    return std::make_unique<EmbeddedProducer>(engine, options);
}

}  // namespace nearline::stream::embedded
