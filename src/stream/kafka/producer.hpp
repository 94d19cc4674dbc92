#pragma once

#include <condition_variable>
#include <mutex>

#include "stream/kafka/client.hpp"
#include "stream/producer.hpp"
#include "stream/stream.hpp"

namespace nearline::stream::kafka {

class Session;

/// Writes through one idempotent librdkafka handle at a time. librdkafka declares such a handle dead when
/// it can no longer tell what the broker has stored; then a new one takes over, and the old one is kept
/// until it has reported what it had taken. Between the two there is no order and no deduplication.
class KafkaProducer : public Producer {
public:
    KafkaProducer(const Cluster& cluster, const ProducerOptions& options);
    ~KafkaProducer() override;

    void produce(const std::string& topic, std::optional<int> partition, Record record,
                 OnDelivery on_delivery) override;
    bool flush(std::chrono::milliseconds time) override;
    std::size_t in_flight() const override;
    void report_promptly(bool promptly) override;
    bool warm_up(const std::string& topic, std::chrono::milliseconds time) override;

private:
    friend class Session;

    std::shared_ptr<Session> session();
    /// `dead` has failed for good: another takes its place, if none has yet.
    std::shared_ptr<Session> replace(const std::shared_ptr<Session>& dead);
    std::shared_ptr<Session> make_session();
    void reported(const Session& by, std::size_t count);
    /// Takes out the retired that have nothing left to report and that nobody uses.
    std::vector<std::shared_ptr<Session>> take_finished();

    const Cluster cluster_;
    const ProducerOptions options_;
    const Counter replaced_;

    mutable std::mutex mutex_;
    std::condition_variable idle_;
    std::size_t in_flight_ = 0;
    bool promptly_ = false;
    std::shared_ptr<Session> session_;
    std::vector<std::shared_ptr<Session>> retired_;
};

}  // namespace nearline::stream::kafka
