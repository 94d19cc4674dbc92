#include <stdexcept>

#include "stream/kafka/admin.hpp"
#include "stream/kafka/fenced_writer.hpp"
#include "stream/kafka/group_consumer.hpp"
#include "stream/kafka/group_member.hpp"
#include "stream/kafka/producer.hpp"
#include "stream/kafka/reader.hpp"
#include "stream/kafka/scan.hpp"
#include "stream/kafka/transactional_producer.hpp"
#include "stream/rebalance_metrics.hpp"
#include "stream/stream.hpp"

namespace nearline::stream {
namespace kafka {
namespace {

class KafkaStream : public Stream {
public:
    explicit KafkaStream(Cluster cluster) : cluster_(std::move(cluster)), admin_(cluster_) {}

    std::unique_ptr<Producer> producer(const ProducerOptions& options) override {
        return std::make_unique<KafkaProducer>(cluster_, options);
    }
    std::unique_ptr<GroupConsumer> consumer(const GroupOptions& options, RebalanceListener listener) override {
        return std::make_unique<KafkaGroupConsumer>(
            cluster_, options, counting_losses(std::move(listener), *cluster_.metrics, options.group));
    }
    std::unique_ptr<GroupMember> member(const GroupOptions& options, RebalanceListener listener) override {
        return std::make_unique<KafkaGroupMember>(
            cluster_, options, counting_losses(std::move(listener), *cluster_.metrics, options.group));
    }
    std::unique_ptr<Reader> reader() override { return std::make_unique<KafkaReader>(cluster_); }
    std::unique_ptr<Admin> admin(std::chrono::milliseconds timeout) override {
        return std::make_unique<KafkaAdmin>(admin_, timeout);
    }
    void scan(const std::vector<Position>& from, std::chrono::milliseconds patience,
              const std::function<bool(ConsumedRecord&&)>& take) override {
        kafka::scan(cluster_, from, patience, take);
    }
    std::unique_ptr<FencedWriter> fenced_writer(const std::string& name, std::chrono::milliseconds timeout) override {
        return std::make_unique<KafkaFencedWriter>(cluster_, name, timeout);
    }
    std::unique_ptr<TransactionalProducer> transactional_producer(const TransactionOptions& options) override {
        return std::make_unique<KafkaTransactionalProducer>(cluster_, options);
    }
    std::string ping(std::chrono::milliseconds timeout) override { return kafka::ping(admin_, timeout); }

private:
    const Cluster cluster_;
    AdminClient admin_;
};

}  // namespace
}  // namespace kafka

std::unique_ptr<Stream> open_kafka(const std::string& bootstrap, const std::map<std::string, std::string>& properties,
                                   const std::string& client_id, Metrics& metrics) {
    if (bootstrap.empty()) throw std::invalid_argument("no Kafka broker is named");
    kafka::check_properties(properties);
    return std::make_unique<kafka::KafkaStream>(kafka::Cluster{bootstrap, properties, client_id, &metrics});
}

}  // namespace nearline::stream
