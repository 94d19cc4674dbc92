#include "runtime/version.hpp"

namespace nearline {

std::string_view version() noexcept {
    return NEARLINE_VERSION;
}

}  // namespace nearline
