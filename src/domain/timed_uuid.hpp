#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "domain/time.hpp"
#include "domain/uuid.hpp"

namespace nearline {

/// Version 7 (RFC 9562, 5.7): the time in milliseconds, and 74 bits of `random`.
Uuid timed_uuid(WallTime time, const std::array<std::uint8_t, 16>& random) noexcept;

/// When an id of version 7 says that it was made; nothing for other versions, which say nothing.
std::optional<WallTime> time_of(const Uuid& id) noexcept;

}  // namespace nearline
