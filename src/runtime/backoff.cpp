#include "runtime/backoff.hpp"

#include <algorithm>

namespace nearline {

namespace {

// SplitMix64: small, and good enough to keep waiters apart.
std::uint64_t next_random(std::uint64_t& state) noexcept {
    std::uint64_t z = (state += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

}  // namespace

Backoff::Backoff(Options options, std::uint64_t seed) noexcept : options_(options), random_(seed) {
    // Without a seed: the time, and a place in memory that differs from process to process.
    if (seed == 0) {
        random_ = static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count()) ^
                  reinterpret_cast<std::uintptr_t>(this);
    }
}

std::chrono::milliseconds Backoff::next() noexcept {
    const double most = static_cast<double>(options_.most.count());
    double step = std::min(static_cast<double>(options_.first.count()), most);
    for (int i = 0; i < failures_ && step < most; ++i) step = std::min(step * options_.factor, most);
    ++failures_;
    const double part = static_cast<double>(next_random(random_) >> 11) * 0x1p-53;  // [0, 1)
    return std::chrono::milliseconds(static_cast<std::int64_t>(step / 2 + step / 2 * part));
}

void Backoff::reset() noexcept {
    failures_ = 0;
}

}  // namespace nearline
