#include "stream/embedded/membership.hpp"

namespace nearline::stream::embedded {
namespace {

// Locks again however the listener ends.
class Unlocked {
public:
    explicit Unlocked(Log::Lock& lock) : lock_(lock) { lock_.unlock(); }
    ~Unlocked() { lock_.lock(); }
    Unlocked(const Unlocked&) = delete;
    Unlocked& operator=(const Unlocked&) = delete;

private:
    Log::Lock& lock_;
};

}  // namespace

Membership::Membership(Log& log, Watch& watch, const GroupOptions& options, RebalanceListener listener,
                       std::shared_ptr<Signal> signal, Hooks hooks)
    : log_(log),
      watch_(watch),
      options_(options),
      listener_(std::move(listener)),
      signal_(std::move(signal)),
      hooks_(std::move(hooks)),
      group_(log.group(log.lock(), options.group)) {}

Membership::~Membership() {
    auto lock = log_.lock();
    leave(lock, false);
}

void Membership::arrive(const Log::Lock&) {
    if (left_ || !id_) return;
    group_.expect_back(*id_, std::nullopt);
}

void Membership::depart(const Log::Lock&) {
    if (left_ || !id_) return;
    const auto by = std::chrono::steady_clock::now() + options_.max_poll_interval;
    group_.expect_back(*id_, by);
    watch_.look_at(by);
}

bool Membership::settle(Log::Lock& lock) {
    if (left_) return false;
    bool changed = lose_if_expired(lock);
    if (!id_) {
        id_ = group_.join({options_.topics.begin(), options_.topics.end()},
                          [signal = signal_] { signal->changed.notify_all(); });
    }
    // Until there is nothing more: others go on while the listener is told.
    for (;;) {
        const auto to_release = group_.to_release(*id_);
        if (!to_release.empty()) {
            release(lock, to_release);
        } else if (!take(lock)) {
            return changed;
        }
        changed = true;
    }
}

bool Membership::lose_if_expired(Log::Lock& lock) {
    if (!id_ || group_.has(*id_)) return false;
    const Partitions lost(owned_.begin(), owned_.end());
    owned_.clear();
    id_.reset();
    hooks_.gone(lock, lost);
    if (lost.empty()) return false;
    const Unlocked unlocked(lock);
    listener_.lost(lost);
    return true;
}

bool Membership::release(Log::Lock& lock, const Partitions& partitions) {
    const auto give_up = [&] {
        for (const auto& partition : partitions) owned_.erase(partition);
        hooks_.gone(lock, partitions);
        group_.release(*id_, partitions);
    };
    try {
        const Unlocked unlocked(lock);
        listener_.revoked(partitions);
    } catch (...) {
        give_up();
        throw;
    }
    give_up();
    return true;
}

bool Membership::take(Log::Lock& lock) {
    const auto taken = group_.take(*id_);
    if (taken.empty()) return false;
    owned_.insert(taken.begin(), taken.end());
    hooks_.taken(lock, taken);
    const Unlocked unlocked(lock);
    listener_.assigned(taken);
    return true;
}

void Membership::leave(Log::Lock& lock, bool tell) {
    if (left_) return;
    left_ = true;
    if (!id_) return;
    if (tell) {
        if (!lose_if_expired(lock) && id_ && !owned_.empty()) release(lock, {owned_.begin(), owned_.end()});
    }
    const Partitions rest(owned_.begin(), owned_.end());
    owned_.clear();
    hooks_.gone(lock, rest);
    if (id_) group_.leave(*id_);
}

bool Membership::owns(const Log::Lock&, const TopicPartition& at) const {
    return id_ && group_.owns(*id_, at);
}

}  // namespace nearline::stream::embedded
