#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "stream/producer.hpp"

namespace nearline::stream::embedded {

/// What the reports of one write say; the last of them may come when nobody waits any more.
class WriteRound {
public:
    /// The first one that was not stored; of all: they are written in one transaction.
    Delivery failure() const {
        const std::scoped_lock lock(mutex_);
        return failure_;
    }
    /// For one of its records.
    static OnDelivery note(const std::shared_ptr<WriteRound>& round) {
        return [round](const Delivery& delivery) {
            if (delivery.outcome == Delivery::Outcome::stored) return;
            const std::scoped_lock lock(round->mutex_);
            if (round->failure_.reason.empty()) round->failure_ = delivery;
        };
    }

private:
    mutable std::mutex mutex_;
    Delivery failure_;
};

}  // namespace nearline::stream::embedded
