#pragma once

#include <mutex>
#include <optional>

#include "domain/time.hpp"
#include "runtime/backoff.hpp"

namespace nearline::notification {

/// Keeps senders from a mail server that is away: after a while one tries, and lets the others in when it
/// succeeds. Thread-safe; the clock is the caller's.
class ServerGate {
public:
    explicit ServerGate(Backoff::Options backoff) : backoff_(backoff) {}

    /// Whether the caller may send now, perhaps as the one who tries; then it says how that went.
    bool enter(SteadyTime now);
    /// How long until enter() is worth another try; 0 when it is open.
    std::chrono::milliseconds closed_for(SteadyTime now) const;

    void server_answers();
    void server_is_away(SteadyTime now);
    /// The caller had nothing to send.
    void tried_nothing();

private:
    mutable std::mutex mutex_;
    Backoff backoff_;
    std::optional<SteadyTime> closed_until_;  // nothing: open
    bool is_tried_ = false;
};

}  // namespace nearline::notification
