#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "domain/rejection.hpp"
#include "stream/stream.hpp"

namespace nearline::stream {

/// Writes dead letters and waits until they are stored; one that is too large is written as a stub. For one
/// thread.
class DeadLetterWriter {
public:
    struct Letter {
        ConsumedRecord record;
        Rejection reason;
        enum class Form { whole, stub, bare_stub };
        Form form = Form::whole;
        bool is_stored = false;
    };

    DeadLetterWriter(Stream& stream, std::string topic, const ProducerOptions& options);
    ~DeadLetterWriter();

    /// Writes those that are not stored yet; blocks until each has been reported, a few seconds at most.
    /// "" when all are stored, else why one is not: call it again with the same letters.
    std::string write(std::vector<Letter>& letters);
    /// The topic was made anew: writes with a producer of its own again.
    void renew();

private:
    struct Round;
    void send(const std::shared_ptr<Round>& round, std::size_t index, const Letter& letter);

    Stream& stream_;
    const std::string topic_;
    const ProducerOptions options_;
    std::unique_ptr<Producer> producer_;
};

}  // namespace nearline::stream
