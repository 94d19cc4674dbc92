#pragma once

#include <vector>

#include "domain/problem.hpp"
#include "stream/record.hpp"

namespace nearline::stream {

/// Another writer has the name now.
class FencedOff : public Unavailable {
public:
    using Unavailable::Unavailable;
};

/// Writes for a task that one process at a time may do, and that can be killed at any moment: what it had
/// written is told by the topics themselves, once the next writer of its name is made. For one thread at a
/// time.
class FencedWriter {
public:
    virtual ~FencedWriter() = default;

    /// Stores all of these, or none; blocks. Throws Unavailable when it could not, or can't say whether it has, and
    /// FencedOff when another writer has the name now, or (Kafka) the brokers had waited too long for this one: then
    /// it is spent, and a new one has to be made, which settles what became of them.
    virtual void write(std::vector<Addressed> records) = 0;
};

}  // namespace nearline::stream
