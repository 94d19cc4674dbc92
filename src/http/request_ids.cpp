#include "http/request_ids.hpp"

#include <algorithm>
#include <cerrno>
#include <sys/random.h>
#include <system_error>

#include "domain/timed_uuid.hpp"

namespace nearline::http {

Uuid RequestIds::next() {
    if (used_ == bytes_.size()) refill();
    std::array<std::uint8_t, 16> id{};
    std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(used_), id.size(), id.begin());
    used_ += id.size();
    return timed_uuid(wall_now(), id);
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
