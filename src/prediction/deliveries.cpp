#include "prediction/deliveries.hpp"

namespace nearline::prediction {

void Deliveries::add(Outlet* outlet, const stream::Delivery& delivery) {
    // All of it under the lock: once the report can be taken, the worker may end and this object with it.
    const std::scoped_lock lock(mutex_);
    const bool stored = delivery.outcome == stream::Delivery::Outcome::stored;
    const bool hurry = !stored || (always_ && reports_.empty());
    reports_.push_back({outlet, delivery});
    changed_.notify_one();
    if (hurry && consumer_ != nullptr) consumer_->wake();
}

void Deliveries::nudge() {
    const std::scoped_lock lock(mutex_);
    if (consumer_ != nullptr) consumer_->wake();
}

void Deliveries::take(std::vector<Report>& reports) {
    reports.clear();
    const std::scoped_lock lock(mutex_);
    std::swap(reports, reports_);
}

void Deliveries::wait_until(std::chrono::steady_clock::time_point deadline) {
    std::unique_lock lock(mutex_);
    changed_.wait_until(lock, deadline, [this] { return !reports_.empty(); });
}

void Deliveries::wake(stream::GroupConsumer* consumer) {
    const std::scoped_lock lock(mutex_);
    consumer_ = consumer;
}

void Deliveries::wake_always(bool always) {
    const std::scoped_lock lock(mutex_);
    always_ = always;
}

}  // namespace nearline::prediction
