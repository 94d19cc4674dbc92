#include "domain/timed_uuid.hpp"

#include <chrono>

namespace nearline {
namespace {

constexpr std::size_t time_bytes = 6;

}  // namespace

Uuid timed_uuid(WallTime time, const std::array<std::uint8_t, 16>& random) noexcept {
    auto bytes = random;
    const auto since = std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch()).count();
    for (std::size_t i = 0; i < time_bytes; ++i) {
        bytes[i] = static_cast<std::uint8_t>(static_cast<std::uint64_t>(since) >> (8 * (time_bytes - 1 - i)));
    }
    bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0f) | 0x70);
    bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3f) | 0x80);
    return Uuid(bytes);
}

std::optional<WallTime> time_of(const Uuid& id) noexcept {
    const auto& bytes = id.bytes();
    if ((bytes[6] >> 4) != 7) return std::nullopt;
    std::int64_t since = 0;
    for (std::size_t i = 0; i < time_bytes; ++i) since = since << 8 | bytes[i];
    return WallTime(std::chrono::milliseconds(since));
}

}  // namespace nearline
