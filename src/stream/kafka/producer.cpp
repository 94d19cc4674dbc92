#include "stream/kafka/producer.hpp"

#include <algorithm>

#include "stream/kafka/producer_session.hpp"

namespace nearline::stream::kafka {
namespace {

Properties properties_for(const ProducerOptions& options) {
    const std::string delivery = std::to_string(to_ms(options.delivery_timeout));
    return {
        {"acks", "all"},
        {"enable.idempotence", "true"},
        {"message.timeout.ms", delivery},
        {"request.timeout.ms", delivery},
        // Of two that are under way the first can be refused, by a broker that does not lead a new partition yet, and
        // the second be taken: librdkafka then reports both as stored.
        {"max.in.flight.requests.per.connection", "1"},
        // A record leaves at once; what comes while a request is under way goes out together.
        {"linger.ms", "0"},
        // Records without a key go to one partition for so long, then to another: what comes while a request is under
        // way can only go out together where it goes to the same partition. It delays nothing.
        {"sticky.partitioning.linger.ms", "3"},
        {"queue.buffering.backpressure.threshold", "1"},
        {"partitioner", "murmur2_random"},
        // in_flight() is what limits; librdkafka counts a little differently.
        {"queue.buffering.max.messages", std::to_string(options.max_in_flight + 10'000)},
        {"queue.buffering.max.kbytes", "131072"},
        // The topic decides what is too large, not the client.
        {"message.max.bytes", "16777216"},
        // A topic that is not there is missing; 30 s by default, in which records would only wait.
        {"topic.metadata.propagation.max.ms", "2000"},
    };
}

}  // namespace

KafkaProducer::KafkaProducer(const Cluster& cluster, const ProducerOptions& options)
    : cluster_(cluster),
      options_(options),
      replaced_(cluster.metrics->counter("nearline_kafka_producers_replaced_total",
                                         "Kafka producers that failed for good and were made anew")) {
    const std::lock_guard lock(mutex_);  // the session's thread looks at session_
    session_ = make_session();
}

KafkaProducer::~KafkaProducer() {
    std::vector<std::shared_ptr<Session>> all;
    {
        const std::lock_guard lock(mutex_);
        all = std::move(retired_);
        all.push_back(session_);  // its thread still asks for it
    }
    for (auto& each : all) each->stop();  // reports what it has not reported yet
}

std::shared_ptr<Session> KafkaProducer::make_session() {
    auto session = std::make_shared<Session>(cluster_, properties_for(options_), options_.report_interval,
                                             [this](const Session& by, std::size_t count) { reported(by, count); });
    session->report_promptly(promptly_);
    return session;
}

void KafkaProducer::produce(const std::string& topic, std::optional<int> partition, Record record,
                            OnDelivery on_delivery) {
    bool full = false;
    std::shared_ptr<Session> session;
    {
        const std::lock_guard lock(mutex_);
        full = ++in_flight_ > options_.max_in_flight;
        session = session_;
    }
    if (full) {
        session->refuse(topic, partition, std::move(on_delivery), "too many records wait for their acknowledgement");
        return;
    }
    if (session->failed()) session = replace(session);
    if (session->send(topic, partition, record, on_delivery)) return;
    session = replace(session);
    if (session->send(topic, partition, record, on_delivery)) return;
    session->refuse(topic, partition, std::move(on_delivery), "the producer failed twice in a row");
}

std::shared_ptr<Session> KafkaProducer::session() {
    const std::lock_guard lock(mutex_);
    return session_;
}

std::shared_ptr<Session> KafkaProducer::replace(const std::shared_ptr<Session>& dead) {
    const std::lock_guard lock(mutex_);
    if (session_ != dead) return session_;
    session_ = make_session();
    retired_.push_back(dead);
    replaced_.add();
    return session_;
}

std::vector<std::shared_ptr<Session>> KafkaProducer::take_finished() {
    std::vector<std::shared_ptr<Session>> finished;
    const auto first = std::partition(retired_.begin(), retired_.end(),
                                      [](const auto& each) { return each.use_count() > 1 || !each->idle(); });
    std::move(first, retired_.end(), std::back_inserter(finished));
    retired_.erase(first, retired_.end());
    return finished;
}

void KafkaProducer::reported(const Session& by, std::size_t count) {
    std::vector<std::shared_ptr<Session>> finished;  // end outside the lock
    const std::lock_guard lock(mutex_);
    in_flight_ -= count;
    if (in_flight_ == 0) idle_.notify_all();
    if (&by == session_.get()) finished = take_finished();
}

bool KafkaProducer::flush(std::chrono::milliseconds time) {
    std::unique_lock lock(mutex_);
    return idle_.wait_for(lock, time, [this] { return in_flight_ == 0; });
}

std::size_t KafkaProducer::in_flight() const {
    const std::lock_guard lock(mutex_);
    return in_flight_;
}

void KafkaProducer::report_promptly(bool promptly) {
    const std::lock_guard lock(mutex_);
    promptly_ = promptly;
    session_->report_promptly(promptly);
}

bool KafkaProducer::warm_up(const std::string& topic, std::chrono::milliseconds time) {
    return session()->warm_up(topic, time);
}

}  // namespace nearline::stream::kafka
