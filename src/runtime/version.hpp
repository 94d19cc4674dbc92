#pragma once

#include <string_view>

namespace nearline {

/// Of the product: "0.1.0".
std::string_view version() noexcept;

}  // namespace nearline
