#include <algorithm>
#include <chrono>

#include "domain/problem.hpp"
#include "stream/embedded/engine.hpp"
#include "stream/embedded/fetcher.hpp"
#include "stream/embedded/hold.hpp"
#include "stream/embedded/membership.hpp"

namespace nearline::stream::embedded {
namespace {

// How long a commit may wait for the disk before it is called unavailable.
constexpr std::chrono::seconds commit_patience{10};

// "For ever" must not run over the end of the clock.
SteadyTime after(std::chrono::milliseconds timeout) {
    return std::chrono::steady_clock::now() + std::min<std::chrono::milliseconds>(timeout, std::chrono::hours(24));
}

// Sleeps until told or until then; false when it is time to return: woken by wake(), or too late.
bool sleep(Log::Lock& lock, Signal& signal, SteadyTime until) {
    if (std::exchange(signal.woken, false)) return false;
    if (std::chrono::steady_clock::now() >= until) return false;
    signal.changed.wait_until(lock, until);
    return true;
}

void wake_up(Log& log, const std::shared_ptr<Signal>& signal) {
    {
        const auto lock = log.lock();
        signal->woken = true;
    }
    signal->changed.notify_all();
}

class EmbeddedConsumer final : public GroupConsumer {
public:
    EmbeddedConsumer(Engine& engine, const GroupOptions& options, RebalanceListener listener)
        : engine_(engine),
          log_(engine.log()),
          fetcher_(log_, engine.reader()),
          lost_metric_(engine.metrics().counter("nearline_stream_lost_to_retention_total",
                                                "Records that retention took before the group had read them",
                                                {{"group", options.group}})),
          membership_(log_, engine.watch(), options, std::move(listener), fetcher_.signal(),
                      {[this](const auto& lock, const auto& taken) { start_reading(lock, taken); },
                       [this](const auto& lock, const auto& gone) {
                           for (const auto& at : gone) fetcher_.remove(lock, at);
                       }}) {}

    std::vector<ConsumedRecord> poll(std::size_t most, std::chrono::milliseconds timeout) override {
        const auto until = after(timeout);
        auto lock = log_.lock();
        membership_.arrive(lock);
        std::vector<ConsumedRecord> records;
        do {
            membership_.settle(lock);
            while (records.empty() && fetcher_.has_some(lock))
                records = fetcher_.take(lock, std::max<std::size_t>(most, 1));
        } while (records.empty() && sleep(lock, *fetcher_.signal(), until));
        membership_.depart(lock);
        count_lost(lock);
        return records;
    }

    void commit(const std::vector<Position>& next) override {
        if (note(next)) engine_.writer().run({}, {}, commit_patience);
    }

    void commit_async(const std::vector<Position>& next) override { note(next); }

    GroupOffsets offsets(const std::vector<Position>& next) const override {
        if (!membership_.id()) return {.next = next};
        return {.next = next, .member = std::make_shared<EmbeddedIdentity>(membership_.group(), *membership_.id())};
    }

    void pause(const std::vector<TopicPartition>& partitions) override { set_paused(partitions, true); }
    void resume(const std::vector<TopicPartition>& partitions) override { set_paused(partitions, false); }

    std::set<TopicPartition> assignment() const override { return membership_.owned(); }

    void wake() override { wake_up(log_, fetcher_.signal()); }

    void close() override {
        auto lock = log_.lock();
        membership_.leave(lock, true);
    }

    std::uint64_t lost_to_retention() const override {
        const auto lock = log_.lock();
        return fetcher_.lost(lock);
    }

private:
    void start_reading(const Log::Lock& lock, const std::vector<TopicPartition>& taken) {
        for (const auto& at : taken) {
            const auto offset = log_.noted_offset(lock, membership_.group(), at);
            // Without a commit at the earliest, and nothing is lost by that.
            fetcher_.add(lock, at, offset ? *offset : log_.find_partition(at)->start);
        }
    }

    // Passes on what is still this member's; whether there is any.
    bool note(const std::vector<Position>& next) {
        std::vector<GroupOffset> offsets;
        {
            const auto lock = log_.lock();
            for (const auto& position : next) {
                if (!membership_.owns(lock, position.at)) continue;
                log_.note_offset(lock, membership_.group(), position.at, position.offset);
                offsets.push_back({membership_.group(), log_.find_partition(position.at), position.offset});
            }
        }
        if (offsets.empty()) return false;
        engine_.writer().store(std::move(offsets));
        return true;
    }

    void set_paused(const std::vector<TopicPartition>& partitions, bool paused) {
        const auto lock = log_.lock();
        for (const auto& at : partitions) fetcher_.pause(lock, at, paused);
    }

    void count_lost(const Log::Lock& lock) {
        const auto lost = fetcher_.lost(lock);
        if (lost == counted_) return;
        lost_metric_.add(static_cast<double>(lost - counted_));
        counted_ = lost;
    }

    Engine& engine_;
    Log& log_;
    Fetcher fetcher_;
    const Counter lost_metric_;
    std::uint64_t counted_ = 0;
    Membership membership_;  // last: it leaves the group first
};

class EmbeddedMember final : public GroupMember {
public:
    EmbeddedMember(Engine& engine, const GroupOptions& options, RebalanceListener listener)
        : log_(engine.log()), membership_(log_, engine.watch(), options, std::move(listener), signal_, {}) {}

    void poll(std::chrono::milliseconds timeout) override {
        const auto until = after(timeout);
        auto lock = log_.lock();
        membership_.arrive(lock);
        while (!membership_.settle(lock) && sleep(lock, *signal_, until)) {
        }
        membership_.depart(lock);
    }

    std::set<TopicPartition> assignment() const override { return membership_.owned(); }
    void wake() override { wake_up(log_, signal_); }
    void close() override {
        auto lock = log_.lock();
        membership_.leave(lock, true);
    }

private:
    Log& log_;
    const std::shared_ptr<Signal> signal_ = std::make_shared<Signal>();
    Membership membership_;
};

class EmbeddedReader final : public Reader {
public:
    explicit EmbeddedReader(Engine& engine) : log_(engine.log()), fetcher_(log_, engine.reader()) {}

    void assign(const std::vector<Position>& from) override {
        {
            const auto lock = log_.lock();
            for (const auto& position : from) fetcher_.add(lock, position.at, position.offset);
        }
        // A poll() that sleeps has to look at them.
        fetcher_.signal()->tell();
    }

    void unassign(const std::vector<TopicPartition>& partitions) override {
        const auto lock = log_.lock();
        for (const auto& at : partitions) fetcher_.remove(lock, at);
    }

    std::vector<ConsumedRecord> poll(std::size_t most, std::chrono::milliseconds timeout) override {
        const auto until = after(timeout);
        auto lock = log_.lock();
        std::vector<ConsumedRecord> records;
        do {
            while (records.empty() && fetcher_.has_some(lock))
                records = fetcher_.take(lock, std::max<std::size_t>(most, 1));
        } while (records.empty() && sleep(lock, *fetcher_.signal(), until));
        return records;
    }

    void wake() override { wake_up(log_, fetcher_.signal()); }

    void on_ready(std::function<void()> ready) override {
        const auto lock = log_.lock();
        fetcher_.signal()->ready = std::move(ready);
    }

private:
    Log& log_;
    Fetcher fetcher_;
};

}  // namespace

std::unique_ptr<GroupConsumer> make_consumer(Engine& engine, const GroupOptions& options, RebalanceListener listener) {
    return std::make_unique<EmbeddedConsumer>(engine, options, std::move(listener));
}

std::unique_ptr<GroupMember> make_member(Engine& engine, const GroupOptions& options, RebalanceListener listener) {
    return std::make_unique<EmbeddedMember>(engine, options, std::move(listener));
}

std::unique_ptr<Reader> make_reader(Engine& engine) {
    return std::make_unique<EmbeddedReader>(engine);
}

}  // namespace nearline::stream::embedded
