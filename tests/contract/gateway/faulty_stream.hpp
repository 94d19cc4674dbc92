#pragma once

#include <atomic>
#include <mutex>
#include <optional>
#include <vector>

#include "stream/stream.hpp"

namespace nearline::test {

/// A real stream whose producer and ping can be told to fail as a broker does that goes away.
class FaultyStream : public stream::Stream {
public:
    explicit FaultyStream(stream::Stream& real) : real_(real) {}

    enum class Producing {
        works,
        rejects,      ///< reports "rejected" at once
        unknown,      ///< reports "unknown" at once, and stores nothing
        unknown_but,  ///< reports "unknown" at once, and stores it
        silent,       ///< stores it, and says nothing until report_all()
        too_large,    ///< reports "rejected" for its size
    };
    std::atomic<Producing> producing{Producing::works};
    std::atomic<bool> away{false};  ///< ping fails, Admin and new handles throw Unavailable

    std::atomic<bool> reports_promptly{false};  ///< somebody waits for reports

    /// The reports that were held back.
    void report_all();

    std::unique_ptr<stream::Producer> producer(const stream::ProducerOptions& options) override;
    std::unique_ptr<stream::GroupConsumer> consumer(const stream::GroupOptions& options,
                                                    stream::RebalanceListener listener) override;
    std::unique_ptr<stream::GroupMember> member(const stream::GroupOptions& options,
                                                stream::RebalanceListener listener) override;
    std::unique_ptr<stream::Reader> reader() override { return real_.reader(); }
    std::unique_ptr<stream::Admin> admin(std::chrono::milliseconds timeout) override;
    void scan(const std::vector<stream::Position>& from, std::chrono::milliseconds patience,
              const std::function<bool(stream::ConsumedRecord&&)>& take) override {
        real_.scan(from, patience, take);
    }
    std::unique_ptr<stream::FencedWriter> fenced_writer(const std::string& name,
                                                        std::chrono::milliseconds timeout) override {
        return real_.fenced_writer(name, timeout);
    }
    std::unique_ptr<stream::TransactionalProducer> transactional_producer(
        const stream::TransactionOptions& options) override {
        return real_.transactional_producer(options);
    }
    std::string ping(std::chrono::milliseconds timeout) override;

    struct Held {
        stream::OnDelivery on_delivery;
        stream::Delivery delivery;
    };
    void hold(Held held);

private:
    stream::Stream& real_;
    std::mutex mutex_;
    std::vector<Held> held_;
};

}  // namespace nearline::test
