#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "stream/embedded/log.hpp"
#include "stream/embedded/record_reader.hpp"

namespace nearline::stream::embedded {

class Writer;

/// The thread that does what is slow beside the writer: copies the write-ahead log to the database and syncs
/// it, and looks for records that retention is to take; the writer then only removes what it is told.
class Housekeeper {
public:
    struct Options {
        std::chrono::milliseconds retention_interval;
        int retention_step;  ///< records that are removed at once, at most
    };
    Housekeeper(std::string path, Options options, RecordReader& reader);
    ~Housekeeper();

    void start(Log& log, Writer& writer);
    /// Waits for what is under way; the writer must still be there.
    void stop();

    /// A checkpoint is to be made. Any thread; does not wait for it.
    void want_checkpoint();
    /// Returns when no checkpoint is being made.
    void await_checkpoint();

private:
    class Database;
    void loop();
    void checkpoint();
    void retain();
    bool retain_step(const Topic& topic, PartitionLog& partition);

    const std::string path_;
    const Options options_;
    RecordReader& reader_;
    Log* log_ = nullptr;
    Writer* writer_ = nullptr;
    std::unique_ptr<Database> database_;

    std::mutex checkpointing_;  // held while a checkpoint is being made
    std::mutex mutex_;
    std::condition_variable changed_;
    bool checkpoint_ = false;
    bool stop_ = false;
    std::thread thread_;
};

/// Which offset a log is to start at: what is older than `oldest` (ms since 1970; nothing: no age is too
/// much) goes up to the first record that is not, and as much as leaves `most_bytes` (less than 0: no
/// number is too much). `first` are the log's first records; `bytes` counts up to the log's end.
std::int64_t retained_from(std::int64_t start, const std::vector<RecordInfo>& first, std::int64_t bytes,
                           std::optional<std::int64_t> oldest, std::int64_t most_bytes) noexcept;

}  // namespace nearline::stream::embedded
