#include "domain/problem.hpp"
#include "stream/embedded/engine.hpp"
#include "stream/rebalance_metrics.hpp"
#include "stream/stream.hpp"

namespace nearline::stream {
namespace {

class EmbeddedStream final : public Stream {
public:
    EmbeddedStream(const std::string& directory, const EmbeddedOptions& options, Metrics& metrics)
        : engine_(directory, options, metrics) {}

    std::unique_ptr<Producer> producer(const ProducerOptions& options) override {
        return embedded::make_producer(engine_, options);
    }
    std::unique_ptr<GroupConsumer> consumer(const GroupOptions& options, RebalanceListener listener) override {
        return embedded::make_consumer(engine_, options,
                                       counting_losses(std::move(listener), engine_.metrics(), options.group));
    }
    std::unique_ptr<GroupMember> member(const GroupOptions& options, RebalanceListener listener) override {
        return embedded::make_member(engine_, options,
                                     counting_losses(std::move(listener), engine_.metrics(), options.group));
    }
    std::unique_ptr<Reader> reader() override { return embedded::make_reader(engine_); }
    std::unique_ptr<Admin> admin(std::chrono::milliseconds timeout) override {
        return embedded::make_admin(engine_, timeout);
    }
    void scan(const std::vector<Position>& from, std::chrono::milliseconds patience,
              const std::function<bool(ConsumedRecord&&)>& take) override {
        embedded::scan(engine_, from, patience, take);
    }
    std::unique_ptr<FencedWriter> fenced_writer(const std::string& name, std::chrono::milliseconds timeout) override {
        return embedded::make_fenced_writer(engine_, name, timeout);
    }
    std::unique_ptr<TransactionalProducer> transactional_producer(const TransactionOptions& options) override {
        return embedded::make_transactional_producer(engine_, options);
    }

    std::string ping(std::chrono::milliseconds timeout) override {
        const auto trouble = engine_.writer().trouble(std::chrono::steady_clock::now(), timeout);
        if (trouble.empty()) return "";
        // It may have passed, and nobody have written since.
        try {
            engine_.writer().run([](embedded::Storage& storage) { storage.touch(); }, {}, timeout);
            return "";
        } catch (const Unavailable& error) {
            return error.what();
        }
    }

private:
    embedded::Engine engine_;
};

}  // namespace

std::unique_ptr<Stream> open_embedded(const std::string& directory, const EmbeddedOptions& options, Metrics& metrics) {
    return std::make_unique<EmbeddedStream>(directory, options, metrics);
}

}  // namespace nearline::stream
