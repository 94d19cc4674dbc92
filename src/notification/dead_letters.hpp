#pragma once

#include <mutex>
#include <optional>
#include <span>
#include <string>

#include "domain/rejection.hpp"
#include "notification/outbox.hpp"
#include "stream/dead_letter_writer.hpp"

namespace nearline::notification {

/// The dead letters of mails that were refused, for all senders: one producer, made when the first is
/// written. Thread-safe; blocks.
class DeadLetters {
public:
    /// `stream` must outlive it.
    DeadLetters(stream::Stream& stream, std::string topic, const stream::ProducerOptions& options)
        : stream_(stream), topic_(std::move(topic)), options_(options) {}

    /// Writes the records of the entries; "" when all are stored, else why one is not.
    std::string write(std::span<const Entry> entries, const Rejection& reason) {
        std::vector<stream::DeadLetterWriter::Letter> letters;
        for (const Entry& entry : entries) letters.push_back({entry.record, shortened(reason)});
        const std::scoped_lock lock(mutex_);
        if (!writer_) writer_.emplace(stream_, topic_, options_);
        return writer_->write(letters);
    }

private:
    stream::Stream& stream_;
    const std::string topic_;
    const stream::ProducerOptions options_;
    std::mutex mutex_;
    std::optional<stream::DeadLetterWriter> writer_;
};

}  // namespace nearline::notification
