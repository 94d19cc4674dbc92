#include "stream/kafka/transaction_handle.hpp"

#include <algorithm>
#include <array>

#include "domain/problem.hpp"
#include "stream/kafka/records.hpp"

namespace nearline::stream::kafka {
namespace {

/// An abort has so much time even where the transaction had none left: else its readers wait for the brokers' time-out.
constexpr std::chrono::milliseconds abort_time{1'000};

Properties properties_for(const std::string& id, const TransactionHandle::Times& times) {
    const auto delivery = std::to_string(to_ms(times.delivery));
    return {
        {"transactional.id", id},
        {"transaction.timeout.ms", std::to_string(to_ms(times.transaction))},
        {"message.timeout.ms", delivery},
        {"request.timeout.ms", delivery},
        {"max.in.flight.requests.per.connection", "1"},  // as in producer.cpp
        {"socket.timeout.ms", std::to_string(to_ms(times.transaction))},
        // The next transaction may have to wait for the end of the one before, a millisecond or two.
        {"retry.backoff.ms", "5"},
        {"linger.ms", "0"},
        {"sticky.partitioning.linger.ms", "0"},
        // How much goes into one transaction is for those to know who write it.
        {"queue.buffering.max.messages", "1000000"},
        {"queue.buffering.max.kbytes", "131072"},
        {"partitioner", "murmur2_random"},
        // The topic decides what is too large, not the client.
        {"message.max.bytes", "16777216"},
        {"topic.metadata.propagation.max.ms", "2000"},
    };
}

/// librdkafka makes no handle that waits for the network longer than for a transaction, and --kafka-config may want
/// that of all others.
Cluster without_socket_timeout(Cluster cluster) {
    cluster.properties.erase("socket.timeout.ms");
    return cluster;
}

/// The group's coordinator does not know this member, or not as of this generation.
bool is_outdated(rd_kafka_resp_err_t error) {
    constexpr std::array outdated{RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION, RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID,
                                  RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS, RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID};
    return std::find(outdated.begin(), outdated.end(), error) != outdated.end();
}

/// Calls until it succeeds, fails for good, or the time is over.
template <class Call>
Error retried(Clock::time_point deadline, Call call) {
    for (;;) {
        Error error(call(remaining_ms(deadline)));
        if (!error || rd_kafka_error_is_retriable(error.get()) == 0 || Clock::now() >= deadline) return error;
    }
}

}  // namespace

TransactionHandle::TransactionHandle(const Cluster& cluster, std::string id, const Times& times)
    : id_(std::move(id)),
      client_(make_client(without_socket_timeout(cluster), RD_KAFKA_PRODUCER, properties_for(id_, times), *this)) {}

void TransactionHandle::init(Clock::time_point deadline) {
    const auto error = retried(deadline, [this](int time) { return rd_kafka_init_transactions(client_.get(), time); });
    if (!error) return;
    // Where it is only late, it goes on meanwhile.
    is_spent_ = rd_kafka_error_is_retriable(error.get()) == 0;
    throw Unavailable("can't write as " + id_ + ": " + rd_kafka_error_string(error.get()));
}

TransactionReport TransactionHandle::transact(const std::vector<Addressed>& records, const OffsetsOfMember* offsets,
                                              Clock::time_point deadline) {
    oversized_.clear();
    if (Error error(rd_kafka_begin_transaction(client_.get())); error) {
        return failed(std::move(error), Step::before_commit, deadline);
    }
    // First, so that a zombie leaves no records to be skipped. And while the brokers still write the end of the
    // transaction before, librdkafka asks again for these after retry.backoff.ms, but for partitions after 20 ms.
    if (offsets != nullptr) {
        if (auto error = send_offsets(*offsets, deadline))
            return failed(std::move(error), Step::before_commit, deadline);
    }
    if (auto error = produce_all(records)) return failed(std::move(error), Step::before_commit, deadline);
    if (auto error = commit(deadline)) return failed(std::move(error), Step::commit, deadline);
    return {};
}

Error TransactionHandle::produce_all(const std::vector<Addressed>& records) {
    for (std::size_t i = 0; i < records.size(); ++i) {
        const auto& [topic, partition, record] = records[i];
        // The report is to say which one it is of: a number, not a place in memory.
        auto error = produce(client_.get(), topic, partition, record, reinterpret_cast<void*>(i));  // NOLINT
        if (!error) continue;
        if (rd_kafka_error_code(error.get()) == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE) oversized_.push_back(i);
        return error;
    }
    return nullptr;
}

Error TransactionHandle::send_offsets(const OffsetsOfMember& offsets, Clock::time_point deadline) {
    return retried(deadline, [&](int time) {
        return rd_kafka_send_offsets_to_transaction(client_.get(), offsets.offsets.get(), offsets.metadata.get(), time);
    });
}

Error TransactionHandle::commit(Clock::time_point deadline) {
    return retried(deadline, [this](int time) { return rd_kafka_commit_transaction(client_.get(), time); });
}

void TransactionHandle::delivered(const rd_kafka_message_t& message) {
    if (message.err != RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE) return;
    oversized_.push_back(reinterpret_cast<std::size_t>(message._private));  // NOLINT: as produce_all() gave it
}

/// What can be aborted is; the rest is for the next handle of the id to settle.
TransactionReport TransactionHandle::failed(Error error, Step step, Clock::time_point deadline) {
    TransactionReport report{.outcome = TransactionReport::Outcome::unknown,
                             .reason = rd_kafka_error_string(error.get())};
    // Not the error at hand: producing after it fails with another.
    std::array<char, 1> words{};
    is_fenced_ = rd_kafka_fatal_error(client_.get(), words.data(), words.size()) == RD_KAFKA_RESP_ERR__FENCED;
    const bool is_fatal = rd_kafka_error_is_fatal(error.get()) != 0;
    const bool was_asked_to_commit = step == Step::commit && rd_kafka_error_txn_requires_abort(error.get()) == 0;
    if (is_fatal || was_asked_to_commit) {
        is_spent_ = true;
        return report;
    }
    const auto until = std::max(deadline, Clock::now() + abort_time);
    if (retried(until, [this](int time) { return rd_kafka_abort_transaction(client_.get(), time); })) {
        is_spent_ = true;
        return report;
    }
    report.outcome = TransactionReport::Outcome::aborted;
    if (!oversized_.empty()) {
        report.outcome = TransactionReport::Outcome::too_large;
        report.oversized = std::move(oversized_);
    } else if (is_outdated(rd_kafka_error_code(error.get()))) {
        report.outcome = TransactionReport::Outcome::outdated;
    }
    return report;
}

}  // namespace nearline::stream::kafka
