#include "gateway/delivery_box.hpp"

#include <utility>

namespace nearline::gateway {

void DeliveryBox::put(Report report) {
    const bool stored = report.delivery.outcome == stream::Delivery::Outcome::stored;
    if (stored) stored_.fetch_add(1, std::memory_order_relaxed);
    {
        const std::lock_guard lock(mutex_);
        reports_.push_back(std::move(report));
        if (posted_ || (stored && !loud_)) return;
        posted_ = true;
    }
    gate_.post(on_loud_);
}

std::vector<DeliveryBox::Report> DeliveryBox::take() {
    const std::lock_guard lock(mutex_);
    posted_ = false;
    return std::exchange(reports_, {});
}

bool DeliveryBox::set_loud(bool loud) {
    const std::lock_guard lock(mutex_);
    const bool check = loud && !loud_ && !reports_.empty();
    loud_ = loud;
    return check;
}

}  // namespace nearline::gateway
