#pragma once

#include <optional>

#include "stream/kafka/transaction_handle.hpp"
#include "stream/stream.hpp"

namespace nearline::stream::kafka {

/// Writes under an id of its own, which no other process ever has: what fences a zombie is its group's generation
/// (KIP-447), so that processes come and go without having to share ids. A handle that does not know what became of a
/// transaction is let go; the next one of the same id settles that.
class KafkaTransactionalProducer : public TransactionalProducer {
public:
    KafkaTransactionalProducer(const Cluster& cluster, const TransactionOptions& options);

    void settle() override;
    TransactionReport transact(const std::vector<Addressed>& records, const GroupOffsets& offsets) override;
    bool warm_up(const std::string& topic, std::chrono::milliseconds time) override;

private:
    const Cluster cluster_;
    const std::string id_;
    const TransactionHandle::Times times_;
    std::optional<TransactionHandle> handle_;
    bool is_settled_ = false;
};

}  // namespace nearline::stream::kafka
