#include "stream/embedded/writer.hpp"

#include <algorithm>
#include <future>

#include "domain/problem.hpp"
#include "runtime/thread_name.hpp"

namespace nearline::stream::embedded {
namespace {

// Offsets that nobody waits for ride along with records; alone they wait for some so long.
constexpr std::chrono::milliseconds offsets_wait{100};
// After a failure nothing is written unasked for so long.
constexpr std::chrono::milliseconds offsets_wait_in_trouble{1'000};
// The checkpoint beside the writer is too slow for what comes in: from so many times its size on, the
// writer waits for it.
constexpr int hard_limit = 4;
constexpr int page_size = 4'096;

SteadyTime now() {
    return std::chrono::steady_clock::now();
}

}  // namespace

struct Writer::Job {
    std::uint64_t behind = 0;  ///< so many entries: those that were taken before it
    Work work;
    std::function<void()> committed;
    std::promise<void> done;
};

Writer::Writer(Log& log, std::unique_ptr<Storage> storage, Options options, Hooks hooks, Metrics& metrics)
    : log_(log),
      storage_(std::move(storage)),
      options_(options),
      hooks_(std::move(hooks)),
      commit_seconds_(metrics.histogram("nearline_stream_commit_seconds",
                                        "How long a transaction of the embedded log took, fsync included", {},
                                        {0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5})),
      rejected_(metrics.counter("nearline_stream_rejected_records_total",
                                "Records that the embedded log did not take or could not store")),
      log_bytes_(metrics.gauge("nearline_stream_wal_bytes", "The embedded log's write-ahead log in use")),
      thread_([this] { loop(); }) {}

Writer::~Writer() {
    {
        const std::scoped_lock lock(mutex_);
        stop_ = true;
        flush_offsets_ = true;
    }
    wake_.notify_one();
    thread_.join();
}

void Writer::append(const std::shared_ptr<InFlight>& producer, std::span<Entry> entries, SteadyTime deadline,
                    std::shared_ptr<const OffsetsToStore> offsets) {
    bool wake = false;
    {
        const std::scoped_lock lock(mutex_);
        for (auto& entry : entries) {
            auto& pending = incoming_.emplace_back();
            pending.producer = producer;
            pending.topic = entry.topic;
            pending.partition = entry.partition;
            pending.record = std::move(entry.record);
            pending.on_delivery = std::move(entry.on_delivery);
            pending.deadline = deadline;
            pending.refusal = std::move(entry.refusal);
            pending.with_next = &entry != &entries.back();
        }
        if (!entries.empty()) incoming_.back().offsets = std::move(offsets);
        taken_ += entries.size();
        wake = std::exchange(sleeping_, false);
    }
    if (wake) wake_.notify_one();
    hooks_.look_at(deadline);
}

void Writer::store(std::vector<GroupOffset> offsets) {
    SteadyTime due;
    {
        const std::scoped_lock lock(mutex_);
        for (auto& offset : offsets) offsets_[{std::move(offset.group), offset.partition}] = offset.next;
        if (offsets_due_ || offsets_.empty()) return;
        due = *(offsets_due_ = now() + offsets_wait);
    }
    hooks_.look_at(due);
}

void Writer::run(Work work, std::function<void()> committed, std::chrono::milliseconds time) {
    const auto job = std::make_shared<Job>();
    job->work = std::move(work);
    job->committed = std::move(committed);
    auto done = job->done.get_future();
    {
        const std::scoped_lock lock(mutex_);
        job->behind = taken_;
        jobs_.push_back(job);
        sleeping_ = false;
    }
    wake_.notify_one();
    if (done.wait_for(time) != std::future_status::ready) {
        throw Unavailable("embedded log: the disk has not answered for " + std::to_string(time.count()) + " ms");
    }
    done.get();
}

void Writer::finish_checkpoint() {
    {
        const std::scoped_lock lock(mutex_);
        finish_checkpoint_ = true;
        sleeping_ = false;
    }
    wake_.notify_one();
}

bool Writer::has_work() const noexcept {
    return first_ < current_.size() || !incoming_.empty() || !jobs_.empty() || finish_checkpoint_ ||
           (flush_offsets_ && !offsets_.empty());
}

void Writer::loop() {
    name_this_thread("log-writer");
    for (;;) {
        bool checkpoint = false;
        {
            std::unique_lock lock(mutex_);
            writing_since_.reset();
            while (!has_work()) {
                if (stop_) return;
                sleeping_ = true;
                wake_.wait(lock);
            }
            sleeping_ = false;
            checkpoint = std::exchange(finish_checkpoint_, false);
            take_slice();
            writing_since_ = now();
        }
        if (checkpoint) storage_->checkpoint();
        std::string why;
        const Outcome outcome = write(why);
        if (outcome == Outcome::stored) {
            after_success();
        } else {
            after_failure(outcome, why);
        }
        let_offsets_go();
        report(outcome, why);
        keep_log_short();
    }
}

// What goes into the next transaction.
void Writer::take_slice() {
    if (first_ == current_.size()) {
        current_.clear();
        current_.swap(incoming_);
        first_ = 0;
        ++batch_;
    }
    last_ = first_;
    std::size_t bytes = 0;
    while (last_ < current_.size() && last_ - first_ < options_.most_records && bytes < options_.most_bytes) {
        bytes += static_cast<std::size_t>(stored_size(current_[last_++].record));
    }
    // What belongs together came in together, and has one deadline: it is also reported together.
    while (last_ > first_ && current_[last_ - 1].with_next) ++last_;
    writing_.clear();
    for (std::size_t i = first_; i < last_; ++i) {
        auto& pending = current_[i];
        if (pending.reported || !pending.refusal.reason.empty()) continue;
        place(pending);
    }
    begun_ += last_ - first_;
    for (; !jobs_.empty() && jobs_.front()->behind <= begun_; jobs_.pop_front()) {
        writing_jobs_.push_back(std::move(jobs_.front()));
    }
    writing_offsets_.swap(offsets_);
    offsets_due_.reset();
    flush_offsets_ = stop_;
}

void Writer::place(Pending& pending) {
    if (pending.topic == nullptr) {
        writing_.emplace_back(&pending, nullptr);
        return;
    }
    const auto& partitions = pending.topic->partitions;
    // Records without a key go where the others of their batch go: fewer pages change, and the next batch
    // takes the next partition.
    const auto number =
        pending.partition >= 0 ? static_cast<std::size_t>(pending.partition) : batch_ % partitions.size();
    writing_.emplace_back(&pending, partitions[number].get());
}

Writer::Outcome Writer::write(std::string& why) {
    if (writing_.empty() && writing_jobs_.empty() && writing_offsets_.empty()) return Outcome::stored;
    const auto started = now();
    try {
        storage_->begin();
        write_records();
        write_offsets();
        for (const auto& job : writing_jobs_) {
            if (job->work) job->work(*storage_);
        }
        storage_->commit();
        commit_seconds_.observe(std::chrono::duration<double>(now() - started).count());
        return Outcome::stored;
    } catch (const StorageError& error) {
        why = error.what();
        storage_->rollback();
        if (!error.unclear()) return Outcome::rejected;
    } catch (const std::exception& error) {
        why = error.what();
        storage_->rollback();
        return Outcome::rejected;
    }
    try {
        storage_->fence();
        return Outcome::rejected;
    } catch (const StorageError&) {
        storage_->rollback();
        return Outcome::unknown;
    }
}

void Writer::write_records() {
    next_.clear();
    placed_.clear();
    for (const auto& [pending, partition] : writing_) {
        if (partition == nullptr) {
            placed_.push_back(-1);
            continue;
        }
        auto& next = next_.try_emplace(partition, Next{partition->end, partition->bytes}).first->second;
        next.bytes += stored_size(pending->record);
        storage_->append(partition->id, next.offset, pending->record, next.bytes);
        placed_.push_back(next.offset++);
    }
}

void Writer::write_offsets() {
    for (const auto& [key, next] : writing_offsets_) storage_->store_offset(key.first, key.second->id, next);
    for (const auto& [pending, partition] : writing_) {
        if (!pending->offsets) continue;
        for (const auto& offset : pending->offsets->offsets) {
            storage_->store_offset(offset.group, offset.partition->id, offset.next);
        }
    }
}

void Writer::after_success() {
    publish_offsets();
    if (!writing_.empty()) publish();
    for (const auto& job : writing_jobs_) {
        if (job->committed) job->committed();
        job->done.set_value();
    }
    if (!writing_.empty() || !writing_jobs_.empty() || !writing_offsets_.empty()) {
        const std::scoped_lock lock(mutex_);
        if (!trouble_.empty()) log::info("the embedded log can be written again");
        trouble_.clear();
    }
    writing_jobs_.clear();
    writing_offsets_.clear();
}

void Writer::publish_offsets() {
    if (!writing_offsets_.empty()) {
        std::vector<GroupOffset> offsets;
        for (const auto& [key, next] : writing_offsets_) offsets.push_back({key.first, key.second, next});
        log_.publish(offsets);
    }
    for (const auto& [pending, partition] : writing_) {
        if (pending->offsets) log_.publish_and_note(pending->offsets->offsets);
    }
}

/// Their outcome is certain: the next owner of the partitions may read on.
void Writer::let_offsets_go() {
    for (std::size_t i = first_; i < last_; ++i) current_[i].offsets.reset();
}

void Writer::publish() {
    std::vector<Committed> committed;
    committed.reserve(writing_.size());
    for (const auto& [pending, partition] : writing_) {
        if (partition == nullptr) continue;
        committed.push_back({partition, std::make_shared<const Record>(std::move(pending->record))});
    }
    log_.publish(std::move(committed));
}

void Writer::after_failure(Outcome outcome, const std::string& why) {
    for (const auto& job : writing_jobs_) job->done.set_exception(std::make_exception_ptr(Unavailable(why)));
    writing_jobs_.clear();
    std::optional<SteadyTime> due;
    {
        const std::scoped_lock lock(mutex_);
        if (trouble_.empty()) {
            log::error("the embedded log can't be written",
                       {{"file", storage_->file()},
                        {"reason", why},
                        {"outcome", outcome == Outcome::rejected ? "rejected" : "unknown"}});
        }
        trouble_ = why;
        // What came meanwhile is newer.
        for (const auto& [key, next] : writing_offsets_) offsets_.try_emplace(key, next);
        if (!offsets_.empty()) due = offsets_due_ = now() + offsets_wait_in_trouble;
        // At the end there is nobody left to try again for.
        if (stop_) offsets_.clear();
    }
    writing_offsets_.clear();
    if (due) hooks_.look_at(*due);
}

void Writer::keep_log_short() {
    const int pages = storage_->log_pages();
    log_bytes_.set(static_cast<double>(pages) * page_size);
    if (pages < options_.log_pages) return;
    hooks_.checkpoint();
    if (pages < hard_limit * options_.log_pages) return;
    hooks_.await_checkpoint();
    storage_->checkpoint();
}

std::string Writer::trouble(SteadyTime at, std::chrono::milliseconds patience) const {
    const std::scoped_lock lock(mutex_);
    if (writing_since_ && at - *writing_since_ > patience) return "embedded log: the disk does not answer";
    return trouble_;
}

}  // namespace nearline::stream::embedded
