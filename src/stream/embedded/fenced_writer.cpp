#include "stream/fenced_writer.hpp"

#include <mutex>

#include "domain/problem.hpp"
#include "stream/embedded/engine.hpp"
#include "stream/embedded/producing.hpp"
#include "stream/embedded/write_round.hpp"

namespace nearline::stream::embedded {
namespace {

class EmbeddedFencedWriter final : public FencedWriter {
public:
    EmbeddedFencedWriter(Engine& engine, const std::string& name, std::chrono::milliseconds timeout)
        : engine_(engine), name_(name), timeout_(timeout) {
        {
            const std::unique_lock lock(engine_.fences().mutex);
            number_ = ++engine_.fences().youngest[name_];
        }
        // A transaction behind all that was handed over before, and over what a failed one left behind.
        engine_.writer().run([](Storage& storage) { storage.touch(); }, {}, timeout_);
    }
    ~EmbeddedFencedWriter() override { engine_.writer().abandon(in_flight_); }
    EmbeddedFencedWriter(const EmbeddedFencedWriter&) = delete;
    EmbeddedFencedWriter& operator=(const EmbeddedFencedWriter&) = delete;

    void write(std::vector<Addressed> records) override {
        if (is_spent_) throw Unavailable("the writer of " + name_ + " has failed before");
        if (records.empty()) return;
        const auto round = std::make_shared<WriteRound>();
        auto entries = to_entries(std::move(records), round);
        // Reports come in time: stored, or why not.
        is_spent_ = !hand_over(entries) || !in_flight_->wait(timeout_ + report_time);
        const auto why = round->failure().reason;
        is_spent_ = is_spent_ || !why.empty();
        if (!why.empty()) throw Unavailable("can't write as " + name_ + ": " + why);
        if (is_spent_) throw FencedOff("can't write as " + name_ + ": another writer has the name now");
    }

private:
    static constexpr std::chrono::milliseconds report_time{5'000};

    std::vector<Entry> to_entries(std::vector<Addressed>&& records, const std::shared_ptr<WriteRound>& round) {
        std::vector<Entry> entries;
        entries.reserve(records.size());
        for (auto& [topic, partition, record] : records) {
            const Topic* found = engine_.log().find_topic(topic);
            if (const auto refusal = refuse_always(engine_, topic, found, partition, record); !refusal.reason.empty()) {
                is_spent_ = true;
                throw Unavailable("can't write as " + name_ + ": " + refusal.reason);
            }
            const int place = complete(*found, partition, record);
            entries.push_back({found, place, std::move(record), WriteRound::note(round)});
        }
        return entries;
    }

    bool hand_over(std::vector<Entry>& entries) {
        const std::shared_lock lock(engine_.fences().mutex);
        if (engine_.fences().youngest.at(name_) != number_) return false;
        for (std::size_t i = 0; i < entries.size(); ++i) in_flight_->taken();
        engine_.writer().append(in_flight_, entries, std::chrono::steady_clock::now() + timeout_);
        return true;
    }

    Engine& engine_;
    const std::string name_;
    const std::chrono::milliseconds timeout_;
    const std::shared_ptr<InFlight> in_flight_ = std::make_shared<InFlight>();
    std::uint64_t number_ = 0;
    bool is_spent_ = false;
};

}  // namespace

std::unique_ptr<FencedWriter> make_fenced_writer(Engine& engine, const std::string& name,
                                                 std::chrono::milliseconds timeout) {
    return std::make_unique<EmbeddedFencedWriter>(engine, name, timeout);
}

}  // namespace nearline::stream::embedded
