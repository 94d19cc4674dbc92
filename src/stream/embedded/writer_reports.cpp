#include <optional>
#include <utility>
#include <vector>

#include "stream/embedded/writer.hpp"

// What became of records, told to who handed them over, once each: after a transaction, when they are overdue, and when
// their producer goes.
namespace nearline::stream::embedded {

struct Writer::Claimed {
    OnDelivery on_delivery;
    std::shared_ptr<InFlight> producer;
    Delivery delivery;
};

void Writer::report(Outcome outcome, const std::string& why) {
    const std::scoped_lock calling(calling_);
    std::size_t written = 0;
    for (std::size_t i = first_; i < last_; ++i) {
        auto& pending = current_[i];
        const bool was_written = written < writing_.size() && writing_[written].first == &pending;
        const std::size_t place = was_written ? written++ : 0;
        if (pending.reported.exchange(true)) continue;
        Claimed claimed{std::move(pending.on_delivery), pending.producer, std::move(pending.refusal)};
        if (was_written) {
            auto& delivery = claimed.delivery;
            const auto* partition = writing_[place].second;
            if (partition != nullptr) delivery.at = partition->at;
            if (outcome == Outcome::stored) {
                delivery.offset = placed_[place];
                if (partition != nullptr) pending.topic->stored.add();
            } else {
                const bool rejected = outcome == Outcome::rejected;
                delivery.outcome = rejected ? Delivery::Outcome::rejected : Delivery::Outcome::unknown;
                delivery.reason = why;
            }
        }
        call(std::move(claimed));
    }
    const std::scoped_lock lock(mutex_);
    first_ = last_;
}

// Its captures go here and now, not under a lock.
void Writer::call(Claimed&& claimed) {
    if (claimed.delivery.outcome != Delivery::Outcome::stored) rejected_.add();
    if (claimed.on_delivery) claimed.on_delivery(claimed.delivery);
    claimed.on_delivery = nullptr;
    claimed.producer->reported();
}

// Whoever sets `reported` calls back, once.
std::vector<Writer::Claimed> Writer::claim(const std::function<bool(const Pending&)>& which) {
    std::vector<Claimed> claimed;
    const auto look = [&](std::deque<Pending>& records, std::size_t from, std::size_t written_to) {
        for (std::size_t i = from; i < records.size(); ++i) {
            auto& pending = records[i];
            if (pending.reported || !which(pending) || pending.reported.exchange(true)) continue;
            auto& [on_delivery, producer, delivery] = claimed.emplace_back(
                Claimed{std::move(pending.on_delivery), pending.producer, std::move(pending.refusal)});
            const bool written = i < written_to;
            if (!written) pending.record = {};
            if (!delivery.reason.empty()) continue;
            if (pending.topic != nullptr) delivery.at = {pending.topic->name, pending.partition};
            delivery.outcome = written ? Delivery::Outcome::unknown : Delivery::Outcome::rejected;
            delivery.reason = written ? "embedded log: the disk did not answer in time"
                                      : "embedded log: could not be written in time";
        }
    };
    look(current_, first_, writing_since_ ? last_ : first_);
    look(incoming_, 0, 0);
    return claimed;
}

std::optional<SteadyTime> Writer::overdue(SteadyTime at) {
    const std::scoped_lock calling(calling_);
    std::vector<Claimed> claimed;
    std::optional<SteadyTime> next;
    bool wake = false;
    {
        const std::scoped_lock lock(mutex_);
        claimed = claim([&](const Pending& pending) {
            if (pending.deadline <= at) return true;
            if (!next || pending.deadline < *next) next = pending.deadline;
            return false;
        });
        if (offsets_due_ && *offsets_due_ <= at && !offsets_.empty()) {
            offsets_due_.reset();
            flush_offsets_ = true;
            sleeping_ = false;
            wake = true;
        } else if (offsets_due_ && (!next || *offsets_due_ < *next)) {
            next = offsets_due_;
        }
    }
    if (wake) wake_.notify_one();
    for (auto& one : claimed) call(std::move(one));
    return next;
}

void Writer::abandon(const std::shared_ptr<InFlight>& producer) {
    const std::scoped_lock calling(calling_);
    std::vector<Claimed> claimed;
    {
        const std::scoped_lock lock(mutex_);
        claimed = claim([&](const Pending& pending) { return pending.producer == producer; });
    }
    for (auto& one : claimed) call(std::move(one));
}

}  // namespace nearline::stream::embedded
