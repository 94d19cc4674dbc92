#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "stream/kafka/client.hpp"
#include "stream/transactional_producer.hpp"

namespace nearline::stream::kafka {

/// What send_offsets_to_transaction() needs: the member with its generation, and the offsets with leader epochs.
struct OffsetsOfMember : MemberIdentity {
    OffsetsOfMember(GroupMetadata who, Partitions list) : metadata(std::move(who)), offsets(std::move(list)) {}
    const GroupMetadata metadata;
    const Partitions offsets;
};

/// One librdkafka handle that writes transactions under an id. The brokers end what an older handle of that id has
/// left open, and shut it out. For one thread at a time.
class TransactionHandle : private Observer {
public:
    struct Times {
        std::chrono::milliseconds delivery;     ///< of a record
        std::chrono::milliseconds transaction;  ///< after which the brokers end it: a killed process holds up readers
    };
    TransactionHandle(const Cluster& cluster, std::string id, const Times& times);

    /// Has to succeed before the first transaction; may be called again. Throws Unavailable.
    void init(Clock::time_point deadline);

    /// Stores the records, and the offsets where there are some, or nothing. After `unknown` the handle is spent.
    TransactionReport transact(const std::vector<Addressed>& records, const OffsetsOfMember* offsets,
                               Clock::time_point deadline);
    bool is_spent() const noexcept { return is_spent_; }
    /// Spent because of a younger handle of its id, or because the brokers ended its transaction themselves.
    bool is_fenced() const noexcept { return is_fenced_; }

    rd_kafka_t* client() const noexcept { return client_.get(); }

private:
    enum class Step { before_commit, commit };
    void delivered(const rd_kafka_message_t& message) override;
    Error produce_all(const std::vector<Addressed>& records);
    Error send_offsets(const OffsetsOfMember& offsets, Clock::time_point deadline);
    Error commit(Clock::time_point deadline);
    TransactionReport failed(Error error, Step step, Clock::time_point deadline);

    const std::string id_;
    Client client_;
    std::vector<std::size_t> oversized_;  // of the transaction that is under way
    bool is_spent_ = false;
    bool is_fenced_ = false;
};

}  // namespace nearline::stream::kafka
