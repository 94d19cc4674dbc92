#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <list>
#include <map>
#include <mutex>
#include <thread>

#include "stream/kafka/client.hpp"
#include "stream/producer.hpp"

namespace nearline::stream::kafka {

/// One producing handle and the thread that waits for its delivery reports. They are passed on as soon as librdkafka
/// has them, or those of `report_interval` together.
class Session : public Observer {
public:
    using Reported = std::function<void(const Session& by, std::size_t count)>;

    /// `reported` is told how many records were reported, after their callbacks; once a second at least.
    Session(const Cluster& cluster, const Properties& properties, std::chrono::milliseconds report_interval,
            Reported reported);
    ~Session() override;
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    /// As Producer::produce(). False if the handle has failed for good: it took nothing.
    bool send(const std::string& topic, std::optional<int> partition, Record& record, OnDelivery& on_delivery);
    void refuse(const std::string& topic, std::optional<int> partition, OnDelivery on_delivery, std::string reason);

    /// As Producer::report_promptly().
    void report_promptly(bool promptly);

    bool failed() const noexcept { return failed_; }
    /// Whether all that it took is reported.
    bool idle() const;
    /// Reports what is still open, and ends the thread. Not from a callback.
    void stop();

    bool warm_up(const std::string& topic, std::chrono::milliseconds time);

private:
    struct Open {
        TopicPartition at;
        OnDelivery on_delivery;
        Delivery refusal{};  // for those that librdkafka did not take
        std::list<Open>::iterator self{};
    };
    using Opens = std::list<Open>;

    void run();
    void rest();
    /// These give how many records they reported.
    std::size_t serve_all(std::chrono::milliseconds timeout);
    std::size_t serve(rd_kafka_event_t* event);
    std::size_t report_event(rd_kafka_event_t* event);
    std::size_t report_refused();
    std::size_t report_lost();
    void wake() { rd_kafka_queue_yield(queue_.get()); }
    static Delivery delivery_of(const rd_kafka_message_t& message, const Open& open);

    const std::chrono::milliseconds report_interval_;
    const Reported reported_;
    Client client_;
    Queue queue_;
    std::atomic<bool> failed_ = false;
    std::atomic<bool> stopping_ = false;
    mutable std::mutex mutex_;
    Opens open_;     // taken by librdkafka, in order; each message's opaque points to its entry
    Opens refused_;  // to be reported by the thread
    bool promptly_ = false;
    std::condition_variable roused_;
    std::mutex topics_mutex_;
    std::map<std::string, Topic> topics_;  // keeps what is known about them
    std::thread thread_;
};

}  // namespace nearline::stream::kafka
