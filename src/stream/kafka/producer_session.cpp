#include "stream/kafka/producer_session.hpp"

#include "runtime/log.hpp"
#include "runtime/thread_name.hpp"
#include "stream/kafka/records.hpp"
#include "stream/kafka/warm_up.hpp"

namespace nearline::stream::kafka {
namespace {

using namespace std::chrono_literals;

/// Once librdkafka was told to give everything back; it needs no broker for that.
constexpr auto purge_time = 5s;

constexpr std::size_t most_at_once = 10'000;  // reports, before they count

}  // namespace

Session::Session(const Cluster& cluster, const Properties& properties, std::chrono::milliseconds report_interval,
                 Reported reported)
    : report_interval_(report_interval),
      reported_(std::move(reported)),
      client_(make_client(cluster, RD_KAFKA_PRODUCER, properties, *this)),
      queue_(rd_kafka_queue_get_main(client_.get())),
      thread_([this] { run(); }) {}

Session::~Session() {
    stop();
}

void Session::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    roused_.notify_one();
    wake();
    if (thread_.joinable()) thread_.join();
}

bool Session::send(const std::string& topic, std::optional<int> partition, Record& record, OnDelivery& on_delivery) {
    Opens entry;
    entry.push_back({{topic, partition.value_or(-1)}, std::move(on_delivery)});
    const auto mine = entry.begin();
    mine->self = mine;
    {
        const std::lock_guard lock(mutex_);
        open_.splice(open_.end(), entry);
    }
    const auto error = produce(client_.get(), topic, partition, record, &*mine);
    if (!error) return true;
    const auto code = rd_kafka_error_code(error.get());
    const std::lock_guard lock(mutex_);
    if (code == RD_KAFKA_RESP_ERR__FATAL) {
        failed_ = true;
        on_delivery = std::move(mine->on_delivery);
        open_.erase(mine);
        return false;
    }
    mine->refusal = {Delivery::Outcome::rejected, mine->at, -1, rd_kafka_error_string(error.get()),
                     code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE};
    refused_.splice(refused_.end(), open_, mine);
    wake();
    return true;
}

void Session::refuse(const std::string& topic, std::optional<int> partition, OnDelivery on_delivery,
                     std::string reason) {
    const TopicPartition at{topic, partition.value_or(-1)};
    const std::lock_guard lock(mutex_);
    refused_.push_back({at, std::move(on_delivery), {Delivery::Outcome::rejected, at, -1, std::move(reason), false}});
    wake();
}

void Session::report_promptly(bool promptly) {
    {
        const std::lock_guard lock(mutex_);
        promptly_ = promptly;
    }
    if (promptly) roused_.notify_one();
}

bool Session::idle() const {
    const std::lock_guard lock(mutex_);
    return open_.empty() && refused_.empty();
}

void Session::run() {
    name_this_thread("kafka-reports");
    auto end = Clock::time_point::max();
    while (!stopping_ || (!idle() && Clock::now() < end)) {
        if (stopping_ && end == Clock::time_point::max()) {
            end = Clock::now() + purge_time;
            rd_kafka_purge(client_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
        }
        const auto served = serve_all(stopping_ ? 100ms : 1'000ms);
        reported_(*this, served + report_refused());
        if (served > 0) rest();
    }
    reported_(*this, report_refused() + report_lost());
}

/// Lets more come, as long as nobody waits for it.
void Session::rest() {
    if (report_interval_ <= 0ms) return;
    std::unique_lock lock(mutex_);
    roused_.wait_for(lock, report_interval_, [this] { return promptly_ || stopping_; });
}

Delivery Session::delivery_of(const rd_kafka_message_t& message, const Open& open) {
    Delivery delivery;
    delivery.at = {open.at.topic, message.partition};
    delivery.offset = message.offset;
    if (message.err == RD_KAFKA_RESP_ERR_NO_ERROR) return delivery;
    delivery.outcome = rd_kafka_message_status(&message) == RD_KAFKA_MSG_STATUS_NOT_PERSISTED
                           ? Delivery::Outcome::rejected
                           : Delivery::Outcome::unknown;
    delivery.offset = -1;
    delivery.reason = words(message.err);
    delivery.too_large = message.err == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE;
    return delivery;
}

/// Waits for something to come, and takes all that has.
std::size_t Session::serve_all(std::chrono::milliseconds timeout) {
    std::size_t count = 0;
    while (count < most_at_once) {
        const Event event(rd_kafka_queue_poll(queue_.get(), to_ms(timeout)));
        if (!event) break;
        count += serve(event.get());
        timeout = 0ms;
    }
    return count;
}

std::size_t Session::serve(rd_kafka_event_t* event) {
    switch (rd_kafka_event_type(event)) {
        case RD_KAFKA_EVENT_DR:
            return report_event(event);
        case RD_KAFKA_EVENT_ERROR:  // the rest is in the log
            if (rd_kafka_event_error_is_fatal(event) != 0) failed_ = true;
            return 0;
        default:
            return 0;
    }
}

std::size_t Session::report_event(rd_kafka_event_t* event) {
    std::size_t count = 0;
    while (const auto* message = rd_kafka_event_message_next(event)) {
        const auto* open = static_cast<Open*>(message->_private);
        open->on_delivery(delivery_of(*message, *open));
        const std::lock_guard lock(mutex_);
        open_.erase(open->self);
        ++count;
    }
    return count;
}

std::size_t Session::report_refused() {
    Opens refused;
    {
        const std::lock_guard lock(mutex_);
        refused.swap(refused_);
    }
    for (const auto& each : refused) each.on_delivery(each.refusal);
    return refused.size();
}

/// What librdkafka did not give back in time.
std::size_t Session::report_lost() {
    Opens lost;
    {
        const std::lock_guard lock(mutex_);
        lost.swap(open_);
    }
    if (!lost.empty()) log::warning("kafka producer closed with records under way", {{"records", lost.size()}});
    for (const auto& each : lost) {
        each.on_delivery({Delivery::Outcome::unknown, each.at, -1, "the producer was closed", false});
    }
    return lost.size();
}

bool Session::warm_up(const std::string& topic, std::chrono::milliseconds time) {
    const auto deadline = Clock::now() + time;
    rd_kafka_topic_t* handle = nullptr;
    {
        const std::lock_guard lock(topics_mutex_);
        auto& kept = topics_[topic];
        if (!kept) kept.reset(rd_kafka_topic_new(client_.get(), topic.c_str(), nullptr));
        handle = kept.get();
    }
    return kafka::warm_up(client_.get(), handle, deadline);
}

}  // namespace nearline::stream::kafka
