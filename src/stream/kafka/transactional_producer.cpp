#include "stream/kafka/transactional_producer.hpp"

#include <algorithm>

#include "domain/uuid.hpp"
#include "stream/kafka/warm_up.hpp"

namespace nearline::stream::kafka {
namespace {

/// Of one try; the brokers may have to write the end of an older transaction first.
constexpr std::chrono::seconds settle_time{3};
constexpr std::chrono::milliseconds beyond_delivery{2'000};
/// So long readers may wait for a process that was killed.
constexpr std::chrono::milliseconds longest_transaction{10'000};

TransactionHandle::Times times_for(const TransactionOptions& options) {
    const auto transaction = std::min(options.delivery_timeout + beyond_delivery, longest_transaction);
    return {.delivery = std::min(options.delivery_timeout, transaction), .transaction = transaction};
}

}  // namespace

KafkaTransactionalProducer::KafkaTransactionalProducer(const Cluster& cluster, const TransactionOptions& options)
    : cluster_(cluster), id_(options.group + "-" + Uuid::random().to_string()), times_(times_for(options)) {}

void KafkaTransactionalProducer::settle() {
    if (handle_ && handle_->is_spent()) {
        handle_.reset();
        is_settled_ = false;
    }
    if (is_settled_) return;
    if (!handle_) handle_.emplace(cluster_, id_, times_);
    handle_->init(Clock::now() + settle_time);
    is_settled_ = true;
}

TransactionReport KafkaTransactionalProducer::transact(const std::vector<Addressed>& records,
                                                       const GroupOffsets& offsets) {
    using Outcome = TransactionReport::Outcome;
    if (!is_settled_ || handle_->is_spent())
        return {.outcome = Outcome::unknown, .reason = "an older one is unsettled"};
    if (records.empty() && offsets.next.empty()) return {};
    const OffsetsOfMember* of_member = nullptr;
    if (!offsets.next.empty()) {
        of_member = dynamic_cast<const OffsetsOfMember*>(offsets.member.get());
        if (of_member == nullptr) return {.outcome = Outcome::outdated, .reason = "no member of the group owns these"};
    }
    return handle_->transact(records, of_member, Clock::now() + times_.transaction);
}

bool KafkaTransactionalProducer::warm_up(const std::string& topic, std::chrono::milliseconds time) {
    const auto deadline = Clock::now() + time;
    if (!handle_) handle_.emplace(cluster_, id_, times_);
    const Topic handle(rd_kafka_topic_new(handle_->client(), topic.c_str(), nullptr));
    return kafka::warm_up(handle_->client(), handle.get(), deadline);
}

}  // namespace nearline::stream::kafka
