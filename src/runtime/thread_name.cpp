#include "runtime/thread_name.hpp"

#include <algorithm>
#include <array>
#include <pthread.h>

namespace nearline {

void name_this_thread(const std::string& name) noexcept {
    std::array<char, 16> kept{};
    std::copy_n(name.begin(), std::min(name.size(), kept.size() - 1), kept.begin());
    pthread_setname_np(pthread_self(), kept.data());
}

}  // namespace nearline
