#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace nearline {

using WallTime = std::chrono::sys_time<std::chrono::microseconds>;
using SteadyTime = std::chrono::steady_clock::time_point;

/// "2022-12-29 00:07:11.830677", UTC.
std::string to_created_at(WallTime time);

/// Reads what to_created_at wrote; nothing for any other text.
std::optional<WallTime> parse_created_at(std::string_view text);

/// The machine's clock.
WallTime wall_now();
/// The same in ms since 1970-01-01 UTC.
std::int64_t now_ms();

}  // namespace nearline
