#include "notification/server_gate.hpp"

#include <algorithm>

namespace nearline::notification {
namespace {

/// While another one tries.
constexpr std::chrono::milliseconds moment{200};

}  // namespace

bool ServerGate::enter(SteadyTime now) {
    const std::scoped_lock lock(mutex_);
    if (!closed_until_) return true;
    if (is_tried_ || now < *closed_until_) return false;
    is_tried_ = true;
    return true;
}

std::chrono::milliseconds ServerGate::closed_for(SteadyTime now) const {
    const std::scoped_lock lock(mutex_);
    if (!closed_until_) return std::chrono::milliseconds(0);
    return std::max(moment, std::chrono::ceil<std::chrono::milliseconds>(*closed_until_ - now));
}

void ServerGate::server_answers() {
    const std::scoped_lock lock(mutex_);
    closed_until_.reset();
    is_tried_ = false;
    backoff_.reset();
}

void ServerGate::server_is_away(SteadyTime now) {
    const std::scoped_lock lock(mutex_);
    // Several may have been under way when it went: that is one failure.
    if (closed_until_ && !is_tried_) return;
    closed_until_ = now + backoff_.next();
    is_tried_ = false;
}

void ServerGate::tried_nothing() {
    const std::scoped_lock lock(mutex_);
    is_tried_ = false;
}

}  // namespace nearline::notification
