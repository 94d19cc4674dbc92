#include "stream/kafka/fenced_writer.hpp"

#include "domain/problem.hpp"
#include "stream/kafka/records.hpp"

namespace nearline::stream::kafka {
namespace {

Properties properties_for(const std::string& name) {
    return {
        {"transactional.id", name},
        // A process that is killed in the middle holds up the topic's readers for so long, unless the next
        // one comes sooner.
        {"transaction.timeout.ms", "10000"},
        {"message.timeout.ms", "8000"},
        {"request.timeout.ms", "8000"},
        {"partitioner", "murmur2_random"},
        // The topic decides what is too large, not the client.
        {"message.max.bytes", "16777216"},
        {"topic.metadata.propagation.max.ms", "2000"},
    };
}

}  // namespace

KafkaFencedWriter::KafkaFencedWriter(const Cluster& cluster, const std::string& name, std::chrono::milliseconds timeout)
    : name_(name), timeout_(timeout), client_(make_client(cluster, RD_KAFKA_PRODUCER, properties_for(name), *this)) {
    const Error error(rd_kafka_init_transactions(client_.get(), to_ms(timeout)));
    if (error) throw Unavailable("can't write as " + name + ": " + rd_kafka_error_string(error.get()));
}

void KafkaFencedWriter::write(std::vector<Addressed> records) {
    if (is_spent_) throw Unavailable("the writer of " + name_ + " has failed before");
    if (records.empty()) return;
    const auto deadline = Clock::now() + timeout_;
    if (const Error error(rd_kafka_begin_transaction(client_.get())); error) {
        give_up(error.get(), "begin", deadline);
    }
    for (const auto& [topic, partition, record] : records) {
        if (const auto error = produce(client_.get(), topic, partition, record, nullptr)) {
            give_up(error.get(), "write to " + topic, deadline);
        }
    }
    for (;;) {
        const Error error(rd_kafka_commit_transaction(client_.get(), remaining_ms(deadline)));
        if (!error) return;
        if (rd_kafka_error_is_retriable(error.get()) == 0 || Clock::now() >= deadline) {
            give_up(error.get(), "commit", deadline);
        }
    }
}

void KafkaFencedWriter::give_up(rd_kafka_error_t* error, const std::string& what, Clock::time_point deadline) {
    is_spent_ = true;
    const std::string why = rd_kafka_error_string(error);
    // Where it is not to be aborted, the next writer of the name settles it.
    if (rd_kafka_error_is_fatal(error) == 0) {
        const Error ignored(rd_kafka_abort_transaction(client_.get(), std::max(1'000, remaining_ms(deadline))));
    }
    throw Unavailable("can't " + what + " as " + name_ + ": " + why);
}

}  // namespace nearline::stream::kafka
