#pragma once

#include "stream/fenced_writer.hpp"
#include "stream/kafka/transaction_handle.hpp"

namespace nearline::stream::kafka {

/// Writes transactions under the name as transactional id: what makes a new producer of an id ends the older
/// one's transaction, and has the brokers refuse its later ones.
class KafkaFencedWriter : public FencedWriter {
public:
    KafkaFencedWriter(const Cluster& cluster, const std::string& name, std::chrono::milliseconds timeout);
    void write(std::vector<Addressed> records) override;

private:
    const std::string name_;
    const std::chrono::milliseconds timeout_;
    TransactionHandle handle_;
    bool is_spent_ = false;
};

}  // namespace nearline::stream::kafka
