#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <vector>

#include "domain/uuid.hpp"
#include "gateway/loop_gate.hpp"
#include "stream/producer.hpp"

namespace nearline::gateway {

/// Delivery reports on their way from the producer's thread to the loop's. Most callers wait for the
/// answer and the report tells them nothing, so it does not wake the loop: it is taken along with the next
/// answers, or when a deadline comes. Only when somebody waits for it (set_loud), or when it is bad news,
/// does it wake the loop.
class DeliveryBox {
public:
    /// `on_loud` runs on the loop's thread, to take() what is there.
    DeliveryBox(LoopGate gate, std::function<void()> on_loud) : gate_(std::move(gate)), on_loud_(std::move(on_loud)) {}

    struct Report {
        Uuid id;
        std::uint64_t attempt;
        stream::Delivery delivery;
    };
    /// Any thread.
    void put(Report report);
    /// The loop's thread.
    std::vector<Report> take();
    /// The loop's thread. True: reports that came before may be waiting, take() them now.
    bool set_loud(bool loud);

    /// The number of records stored so far: that it grows shows that the stream works. Any thread.
    std::uint64_t stored() const noexcept { return stored_.load(std::memory_order_relaxed); }

private:
    LoopGate gate_;
    std::function<void()> on_loud_;
    std::atomic<std::uint64_t> stored_{0};
    std::mutex mutex_;
    std::vector<Report> reports_;
    bool loud_ = false;
    bool posted_ = false;
};

}  // namespace nearline::gateway
