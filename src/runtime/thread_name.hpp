#pragma once

#include <string>

namespace nearline {

/// Names the calling thread for debuggers, top and k9s; the kernel keeps the first 15 bytes.
void name_this_thread(const std::string& name) noexcept;

}  // namespace nearline
