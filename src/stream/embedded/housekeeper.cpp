#include "stream/embedded/housekeeper.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <sqlite3.h>

#include "domain/problem.hpp"
#include "domain/time.hpp"
#include "runtime/log.hpp"
#include "runtime/thread_name.hpp"
#include "store/sqlite.hpp"
#include "stream/embedded/writer.hpp"

namespace nearline::stream::embedded {
namespace {

constexpr std::chrono::seconds patience{30};

}  // namespace

class Housekeeper::Database {
public:
    explicit Database(const std::string& path) : database_(store::open_sqlite(path)) {
        database_->exec("PRAGMA wal_autocheckpoint = 0");
        database_->exec("PRAGMA cache_size = -256");
    }

    // Whether all of the write-ahead log is in the database now.
    bool checkpoint() {
        int pages = 0;
        int copied = 0;
        const int result =
            sqlite3_wal_checkpoint_v2(database_->getHandle(), nullptr, SQLITE_CHECKPOINT_PASSIVE, &pages, &copied);
        if (result != SQLITE_OK && result != SQLITE_BUSY) {
            static log::Throttle throttle(60);
            long held = 0;
            if (throttle.pass(held)) {
                log::warning("the embedded log's checkpoint failed", {{"reason", sqlite3_errstr(result)}});
            }
        }
        return result == SQLITE_OK && pages == copied;
    }

    // SQLite syncs the database only when a checkpoint got all of the log. Done here it is the writer's
    // to sync just the rest.
    void sync() {
        sqlite3_file* file = nullptr;
        sqlite3_file_control(database_->getHandle(), "main", SQLITE_FCNTL_FILE_POINTER, &file);
        if (file != nullptr && file->pMethods != nullptr) file->pMethods->xSync(file, SQLITE_SYNC_NORMAL);
    }

private:
    std::unique_ptr<SQLite::Database> database_;
};

Housekeeper::Housekeeper(std::string path, Options options, RecordReader& reader)
    : path_(std::move(path)), options_(options), reader_(reader) {}

Housekeeper::~Housekeeper() {
    stop();
}

void Housekeeper::start(Log& log, Writer& writer) {
    log_ = &log;
    writer_ = &writer;
    database_ = std::make_unique<Database>(path_);
    thread_ = std::thread([this] { loop(); });
}

void Housekeeper::stop() {
    {
        const std::scoped_lock lock(mutex_);
        stop_ = true;
    }
    changed_.notify_one();
    if (thread_.joinable()) thread_.join();
}

void Housekeeper::want_checkpoint() {
    {
        const std::scoped_lock lock(mutex_);
        if (checkpoint_) return;
        checkpoint_ = true;
    }
    changed_.notify_one();
}

void Housekeeper::await_checkpoint() {
    const std::scoped_lock lock(checkpointing_);
}

void Housekeeper::loop() {
    name_this_thread("log-keeper");
    auto next_retention = std::chrono::steady_clock::now() + options_.retention_interval;
    std::unique_lock lock(mutex_);
    for (;;) {
        changed_.wait_until(lock, next_retention, [this] { return stop_ || checkpoint_; });
        if (stop_) return;
        const bool checkpoint_wanted = checkpoint_;
        lock.unlock();
        if (checkpoint_wanted) checkpoint();
        if (std::chrono::steady_clock::now() >= next_retention) {
            retain();
            next_retention = std::chrono::steady_clock::now() + options_.retention_interval;
        }
        lock.lock();
        if (checkpoint_wanted) checkpoint_ = false;
    }
}

void Housekeeper::checkpoint() {
    {
        const std::scoped_lock lock(checkpointing_);
        if (!database_->checkpoint()) database_->sync();
    }
    // What was written meanwhile is not in it, even where it says that it got all.
    writer_->finish_checkpoint();
}

void Housekeeper::retain() {
    for (const Topic* topic : log_->topics()) {
        for (const auto& partition : topic->partitions) {
            try {
                while (retain_step(*topic, *partition)) {
                    const std::scoped_lock lock(mutex_);
                    if (stop_) return;
                }
            } catch (const Unavailable& error) {
                log::warning("retention of the embedded log has to wait", {{"reason", error.what()}});
                return;
            }
        }
    }
}

// True if it removed as many as it may at once: there can be more.
bool Housekeeper::retain_step(const Topic& topic, PartitionLog& partition) {
    const auto& options = topic.options;
    if (options.retention.count() <= 0 && options.retention_bytes < 0) return false;
    const auto [start, end, bytes] = [&] {
        const auto lock = log_->lock();
        return std::tuple(partition.start, partition.end, partition.bytes);
    }();
    if (start == end) return false;
    std::optional<std::int64_t> oldest;
    if (options.retention.count() > 0) oldest = now_ms() - options.retention.count();
    const auto step = static_cast<std::size_t>(options_.retention_step);
    // One record is looked at before many are: most of the time there is nothing to do.
    for (const std::size_t most : {std::size_t{1}, step}) {
        const auto first = reader_.scan(partition.id, start, end, most);
        const auto from = retained_from(start, first, bytes, oldest, options.retention_bytes);
        if (from == start) return false;
        if (most < step) continue;
        writer_->run(
            [id = partition.id, start = start, from](Storage& storage) { storage.remove_before(id, start, from); },
            [this, &partition, from] { log_->publish_start(partition, from); }, patience);
        return from - start >= options_.retention_step;
    }
    return false;
}

std::int64_t retained_from(std::int64_t start, const std::vector<RecordInfo>& first, std::int64_t bytes,
                           std::optional<std::int64_t> oldest, std::int64_t most_bytes) noexcept {
    std::int64_t from = start;
    for (const auto& record : first) {
        const bool too_old = oldest && record.timestamp < *oldest;
        const bool too_much = most_bytes >= 0 && bytes - record.bytes >= most_bytes;
        if (!too_old && !too_much) break;
        from = record.offset + 1;
    }
    return from;
}

}  // namespace nearline::stream::embedded
