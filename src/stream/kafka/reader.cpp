#include "stream/kafka/reader.hpp"

#include <algorithm>
#include <utility>

#include "domain/problem.hpp"
#include "stream/kafka/fetching.hpp"
#include "stream/kafka/records.hpp"

namespace nearline::stream::kafka {

namespace {

Properties properties_for(KafkaReader::Ends ends) {
    auto properties = fetching_properties();
    if (ends == KafkaReader::Ends::told) properties["enable.partition.eof"] = "true";
    return properties;
}

}  // namespace

KafkaReader::KafkaReader(const Cluster& cluster, Ends ends)
    : client_(make_client(cluster, RD_KAFKA_CONSUMER, properties_for(ends), *this)),
      queue_(rd_kafka_queue_new(client_.get())) {
    // What the client has to say comes along with the records.
    const Queue main(rd_kafka_queue_get_main(client_.get()));
    rd_kafka_queue_forward(main.get(), queue_.get());
}

KafkaReader::~KafkaReader() {
    rd_kafka_queue_cb_event_enable(queue_.get(), nullptr, nullptr);
    const Queue main(rd_kafka_queue_get_main(client_.get()));
    rd_kafka_queue_forward(main.get(), nullptr);
    KafkaReader::unassign({read_.begin(), read_.end()});
}

void KafkaReader::fatal(const std::string& why) {
    const std::lock_guard lock(mutex_);
    fatal_ = why;
}

rd_kafka_topic_t* KafkaReader::topic(const std::string& name) {
    auto& topic = topics_[name];
    if (!topic) topic.reset(rd_kafka_topic_new(client_.get(), name.c_str(), nullptr));
    return topic.get();
}

void KafkaReader::assign(const std::vector<Position>& from) {
    const std::lock_guard change(change_mutex_);
    for (const auto& [at, offset] : from) {
        {
            const std::lock_guard lock(mutex_);
            if (!read_.insert(at).second) continue;
        }
        const auto start = std::max<std::int64_t>(offset, 0);
        if (rd_kafka_consume_start_queue(topic(at.topic), at.partition, start, queue_.get()) == 0) continue;
        const auto error = rd_kafka_last_error();
        const std::lock_guard lock(mutex_);
        read_.erase(at);
        throw Unavailable("can't read " + at.topic + "[" + std::to_string(at.partition) + "]: " + words(error));
    }
}

void KafkaReader::unassign(const std::vector<TopicPartition>& partitions) {
    const std::lock_guard change(change_mutex_);
    for (const auto& at : partitions) {
        {
            const std::lock_guard lock(mutex_);
            if (read_.erase(at) == 0) continue;
        }
        rd_kafka_consume_stop(topic(at.topic), at.partition);
    }
}

std::optional<std::int64_t> KafkaReader::end_seen(const TopicPartition& at) const {
    const std::lock_guard lock(mutex_);
    const auto found = ends_.find(at);
    return found == ends_.end() ? std::nullopt : std::optional(found->second);
}

void KafkaReader::on_ready(std::function<void()> ready) {
    ready_ = std::move(ready);
    rd_kafka_queue_cb_event_enable(
        queue_.get(), [](rd_kafka_t*, void* reader) { static_cast<const KafkaReader*>(reader)->ready_(); }, this);
}

std::vector<ConsumedRecord> KafkaReader::poll(std::size_t most, std::chrono::milliseconds timeout) {
    std::vector<ConsumedRecord> batch;
    const auto deadline = Clock::now() + timeout;
    std::size_t bytes = 0;
    for (int wait = to_ms(timeout); batch.size() < most && bytes < most_polled_bytes;
         wait = batch.empty() ? remaining_ms(deadline) : 0) {
        const Message message(rd_kafka_consume_queue(queue_.get(), wait));
        if (!message) break;
        bytes += take(*message, batch);
    }
    const std::lock_guard lock(mutex_);
    if (!fatal_.empty()) throw Unavailable("kafka reader: " + fatal_);
    return batch;
}

/// How many bytes it added.
std::size_t KafkaReader::take(rd_kafka_message_t& message, std::vector<ConsumedRecord>& batch) {
    if (message.err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        auto record = to_record(message);
        // Fetched before it was unassigned: looked at here, so that a poll() that gives nothing has left nothing.
        if (const std::lock_guard lock(mutex_); !read_.contains(record.at)) return 0;
        return size_in_bytes(batch.emplace_back(std::move(record)));
    }
    if (message.err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        const std::lock_guard lock(mutex_);
        ends_[{rd_kafka_topic_name(message.rkt), message.partition}] = message.offset;
    } else if (long held = 0; throttle_.pass(held)) {
        log::warning("kafka reader", {{"error", rd_kafka_message_errstr(&message)}});
    }
    return 0;
}

}  // namespace nearline::stream::kafka
