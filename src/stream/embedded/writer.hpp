#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "domain/time.hpp"
#include "runtime/log.hpp"
#include "runtime/metrics.hpp"
#include "stream/embedded/hold.hpp"
#include "stream/embedded/in_flight.hpp"
#include "stream/embedded/log.hpp"
#include "stream/embedded/storage.hpp"
#include "stream/producer.hpp"

namespace nearline::stream::embedded {

/// Offsets that are stored with records or not at all, and what keeps their partitions where they are until then.
struct OffsetsToStore {
    std::vector<GroupOffset> offsets;
    std::optional<Hold> hold;
};

/// A record on its way to the disk.
struct Pending {
    std::shared_ptr<InFlight> producer;
    const Topic* topic = nullptr;  ///< nothing: no record, only `offsets`
    int partition = -1;            ///< less than 0: any
    Record record;
    OnDelivery on_delivery;
    SteadyTime deadline;
    Delivery refusal{};      ///< has a reason: it is only to be reported
    bool with_next = false;  ///< in one transaction with the record that follows
    std::shared_ptr<const OffsetsToStore> offsets{};
    std::atomic<bool> reported = false;
};

/// A record that is to be written.
struct Entry {
    const Topic* topic = nullptr;  ///< nothing: no record, only the offsets of append()
    int partition = -1;            ///< less than 0: any
    Record record{};
    OnDelivery on_delivery{};
    Delivery refusal{};  ///< has a reason: it is only to be reported
};

/// The one thread that writes: takes whatever has come in while it wrote, makes one transaction of it
/// (records, group offsets, changes of topics), and when that is on disk, hands the records to consumers
/// and reports them. Thread-safe.
class Writer {
public:
    struct Options {
        std::size_t most_records = 5'000;    ///< in one transaction
        std::size_t most_bytes = 8UL << 20;  ///< in one transaction, about
        int log_pages = 2'000;               ///< of write-ahead log, after which a checkpoint is asked for
    };
    struct Hooks {
        /// The write-ahead log has grown: a checkpoint beside the writer would be good.
        std::function<void()> checkpoint;
        /// Returns when no checkpoint is being made beside the writer.
        std::function<void()> await_checkpoint;
        /// overdue() is to be called at this time.
        std::function<void(SteadyTime)> look_at;
    };
    /// `storage` is the writer's alone from now on.
    Writer(Log& log, std::unique_ptr<Storage> storage, Options options, Hooks hooks, Metrics& metrics);
    /// Writes what has come in before it ends.
    ~Writer();

    /// Takes records, which are stored in one transaction, with the offsets, if any; never blocks. on_delivery is
    /// called from the writer's thread, or from overdue()'s; the offsets are let go when it is certain what became of
    /// them, which may be later.
    void append(const std::shared_ptr<InFlight>& producer, std::span<Entry> entries, SteadyTime deadline,
                std::shared_ptr<const OffsetsToStore> offsets = nullptr);

    /// Takes offsets to be stored along with whatever is written next, soon at the latest.
    void store(std::vector<GroupOffset> offsets);

    /// Does the work, if any, within a transaction with, or behind, all that was taken before, and waits until that is
    /// on disk; then `committed`, on the writer's thread. Throws Unavailable when it could not be stored, or
    /// not in time: then both may yet be called, so they must own what they use.
    using Work = std::function<void(Storage&)>;
    void run(Work work, std::function<void()> committed, std::chrono::milliseconds time);

    /// The write-ahead log is checkpointed but for what was written meanwhile: the writer does the rest before
    /// its next transaction, so that the log starts anew.
    void finish_checkpoint();

    /// Reports what has waited too long; gives the time to look again.
    std::optional<SteadyTime> overdue(SteadyTime now);

    /// Reports what this producer has on its way, waiting for nothing but callbacks that are being called
    /// (so not to be called from one).
    void abandon(const std::shared_ptr<InFlight>& producer);

    /// Why the last transaction failed, or for how long the disk has not answered; "" when all is well.
    std::string trouble(SteadyTime now, std::chrono::milliseconds patience) const;

private:
    struct Job;
    enum class Outcome { stored, rejected, unknown };
    using OffsetKey = std::pair<std::string, PartitionLog*>;

    void loop();
    bool has_work() const noexcept;
    void take_slice();
    Outcome write(std::string& why);
    void write_records();
    void write_offsets();
    void place(Pending& pending);
    void after_failure(Outcome outcome, const std::string& why);
    void after_success();
    void publish();
    void publish_offsets();
    void let_offsets_go();
    void report(Outcome outcome, const std::string& why);
    void keep_log_short();
    struct Claimed;
    std::vector<Claimed> claim(const std::function<bool(const Pending&)>& which);
    void call(Claimed&& claimed);

    Log& log_;
    const std::unique_ptr<Storage> storage_;
    const Options options_;
    const Hooks hooks_;
    const Histogram commit_seconds_;
    const Counter rejected_;
    const Gauge log_bytes_;

    std::mutex calling_;  // held while callbacks are called, so that they keep their order; taken before mutex_
    mutable std::mutex mutex_;
    std::condition_variable wake_;
    bool sleeping_ = false;
    bool stop_ = false;
    std::deque<Pending> incoming_;
    std::deque<Pending> current_;  // the writer's; of those, [first_, last_) are in the transaction now
    std::size_t first_ = 0;
    std::size_t last_ = 0;
    std::uint64_t taken_ = 0;  // entries, ever
    std::uint64_t begun_ = 0;  // of them, what is in the transaction now, or was in one before
    std::deque<std::shared_ptr<Job>> jobs_;
    std::map<OffsetKey, std::int64_t> offsets_;
    std::optional<SteadyTime> offsets_due_;
    bool flush_offsets_ = false;
    bool finish_checkpoint_ = false;
    std::string trouble_;
    std::optional<SteadyTime> writing_since_;

    // The writer thread's own.
    struct Next {
        std::int64_t offset;
        std::int64_t bytes;
    };
    std::vector<std::pair<Pending*, PartitionLog*>> writing_;
    std::unordered_map<PartitionLog*, Next> next_;
    std::vector<std::int64_t> placed_;  // offsets, as in writing_
    std::vector<std::shared_ptr<Job>> writing_jobs_;
    std::map<OffsetKey, std::int64_t> writing_offsets_;
    unsigned batch_ = 0;

    std::thread thread_;  // last: it uses all the others
};

}  // namespace nearline::stream::embedded
