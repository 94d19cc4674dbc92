#include "stream/transactional_producer.hpp"

#include <chrono>

#include "stream/embedded/engine.hpp"
#include "stream/embedded/hold.hpp"
#include "stream/embedded/producing.hpp"
#include "stream/embedded/write_round.hpp"

namespace nearline::stream::embedded {
namespace {

using Outcome = TransactionReport::Outcome;

constexpr std::chrono::milliseconds settle_time{3'000};
/// Reports come in time: stored, or why not.
constexpr std::chrono::milliseconds report_time{5'000};

TransactionReport report_of(const Delivery& failure) {
    if (failure.outcome == Delivery::Outcome::stored) return {};
    const bool is_unknown = failure.outcome == Delivery::Outcome::unknown;
    return {.outcome = is_unknown ? Outcome::unknown : Outcome::aborted, .reason = failure.reason};
}

class EmbeddedTransactionalProducer final : public TransactionalProducer {
public:
    EmbeddedTransactionalProducer(Engine& engine, const TransactionOptions& options)
        : engine_(engine), timeout_(options.delivery_timeout) {}
    ~EmbeddedTransactionalProducer() override { engine_.writer().abandon(in_flight_); }
    EmbeddedTransactionalProducer(const EmbeddedTransactionalProducer&) = delete;
    EmbeddedTransactionalProducer& operator=(const EmbeddedTransactionalProducer&) = delete;

    void settle() override {
        // What is not known is being written: this comes behind it, and over what a failed one left behind.
        engine_.writer().run([](Storage& storage) { storage.touch(); }, {}, settle_time);
    }

    TransactionReport transact(const std::vector<Addressed>& records, const GroupOffsets& offsets) override {
        const auto round = std::make_shared<WriteRound>();
        std::vector<Entry> entries;
        if (auto refused = to_entries(records, round, entries); refused.outcome != Outcome::committed) return refused;
        std::shared_ptr<const OffsetsToStore> to_store;
        if (!offsets.next.empty()) {
            to_store = take(offsets);
            if (!to_store) return {.outcome = Outcome::outdated, .reason = "no member of the group owns these"};
        }
        if (entries.empty() && !to_store) return {};
        // Offsets alone ride on an entry without a record.
        if (entries.empty()) entries.push_back({.on_delivery = WriteRound::note(round)});
        for (std::size_t i = 0; i < entries.size(); ++i) in_flight_->taken();
        const auto deadline = std::chrono::steady_clock::now() + timeout_;
        engine_.writer().append(in_flight_, entries, deadline, std::move(to_store));
        if (!in_flight_->wait(timeout_ + report_time)) {
            return {.outcome = Outcome::unknown, .reason = "the embedded log did not say in time"};
        }
        return report_of(round->failure());
    }

private:
    TransactionReport to_entries(const std::vector<Addressed>& records, const std::shared_ptr<WriteRound>& round,
                                 std::vector<Entry>& entries) {
        TransactionReport refused;
        entries.reserve(records.size());
        for (std::size_t i = 0; i < records.size(); ++i) {
            auto [topic, partition, record] = records[i];
            const Topic* found = engine_.log().find_topic(topic);
            const auto refusal = refuse_always(engine_, topic, found, partition, record);
            if (refusal.reason.empty()) {
                const int place = complete(*found, partition, record);
                entries.push_back({found, place, std::move(record), WriteRound::note(round)});
                continue;
            }
            if (!refusal.too_large) return {.outcome = Outcome::aborted, .reason = refusal.reason};
            refused.outcome = Outcome::too_large;
            refused.reason = refusal.reason;
            refused.oversized.push_back(i);
        }
        return refused;
    }

    /// Nothing where one of the partitions is not this member's. From here on none of them goes to another one
    /// until the writer has let go of what this gives.
    std::shared_ptr<const OffsetsToStore> take(const GroupOffsets& offsets) {
        const auto* member = dynamic_cast<const EmbeddedIdentity*>(offsets.member.get());
        if (member == nullptr) return nullptr;
        auto& log = engine_.log();
        auto to_store = std::make_shared<OffsetsToStore>();
        std::vector<TopicPartition> partitions;
        const auto lock = log.lock();
        const auto& group = log.group(lock, member->group);
        for (const auto& [at, next] : offsets.next) {
            if (!group.owns(member->id, at)) return nullptr;
            partitions.push_back(at);
            to_store->offsets.push_back({member->group, log.find_partition(at), next});
        }
        to_store->hold.emplace(lock, log, member->group, std::move(partitions));
        return to_store;
    }

    Engine& engine_;
    const std::chrono::milliseconds timeout_;
    const std::shared_ptr<InFlight> in_flight_ = std::make_shared<InFlight>();
};

}  // namespace

std::unique_ptr<TransactionalProducer> make_transactional_producer(Engine& engine, const TransactionOptions& options) {
    return std::make_unique<EmbeddedTransactionalProducer>(engine, options);
}

}  // namespace nearline::stream::embedded
