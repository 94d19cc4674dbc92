#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

/// What libFuzzer calls with each input; every target defines it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace nearline::fuzz {

inline std::string_view as_text(const std::uint8_t* data, std::size_t size) noexcept {
    return {reinterpret_cast<const char*>(data), size};
}

/// A promise that was not kept is a finding, as a crash is.
inline void require(bool kept, const char* promise) {
    if (kept) return;
    std::fprintf(stderr, "not kept: %s\n", promise);
    std::abort();
}

}  // namespace nearline::fuzz
