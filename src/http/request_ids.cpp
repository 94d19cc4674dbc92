#include "http/request_ids.hpp"

#include <algorithm>
#include <cerrno>
#include <sys/random.h>
#include <system_error>

namespace nearline::http {

Uuid RequestIds::next() {
    if (used_ == bytes_.size()) refill();
    std::array<std::uint8_t, 16> id{};
    std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(used_), id.size(), id.begin());
    used_ += id.size();
    // Version 4 and the variant of RFC 9562.
    id[6] = static_cast<std::uint8_t>((id[6] & 0x0f) | 0x40);
    id[8] = static_cast<std::uint8_t>((id[8] & 0x3f) | 0x80);
    return Uuid(id);
}

void RequestIds::refill() {
    for (std::size_t filled = 0; filled < bytes_.size();) {
        const auto got = ::getrandom(bytes_.data() + filled, bytes_.size() - filled, 0);
        if (got > 0)
            filled += static_cast<std::size_t>(got);
        else if (errno != EINTR)
            throw std::system_error(errno, std::generic_category(), "getrandom");
    }
    used_ = 0;
}

}  // namespace nearline::http
