#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <vector>

#include "prediction/job.hpp"
#include "stream/consumer.hpp"
#include "stream/producer.hpp"

namespace nearline::prediction {

/// Carries the reports of deliveries from the producer's threads to the worker's. A stored record wakes
/// nobody, since nothing is in a hurry to be committed; one that failed does.
class Deliveries {
public:
    struct Report {
        Outlet* outlet;
        stream::Delivery delivery;
    };

    /// Any thread.
    void add(Outlet* outlet, const stream::Delivery& delivery);

    /// All reports since the last call, in `reports`, whose memory is used again.
    void take(std::vector<Report>& reports);
    /// Waits until there is a report, no longer than until then.
    void wait_until(std::chrono::steady_clock::time_point deadline);

    /// Whom to wake from poll(); nullptr: nobody. After it returns the one before is not woken any more.
    void wake(stream::GroupConsumer* consumer);
    /// Wakes it now. Any thread.
    void nudge();
    /// Whether stored records wake it too.
    void wake_always(bool always);

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<Report> reports_;
    bool always_ = false;
    stream::GroupConsumer* consumer_ = nullptr;
};

}  // namespace nearline::prediction
