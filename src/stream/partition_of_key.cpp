#include <cstdint>

#include "stream/stream.hpp"

namespace nearline::stream {
namespace {

std::uint32_t byte_at(std::string_view data, std::size_t i) noexcept {
    return static_cast<unsigned char>(data[i]);
}

// org.apache.kafka.common.utils.Utils.murmur2: 32 bits, little-endian words, this very seed.
std::uint32_t murmur2(std::string_view data) noexcept {
    constexpr std::uint32_t seed = 0x9747b28c;
    constexpr std::uint32_t m = 0x5bd1e995;
    std::uint32_t h = seed ^ static_cast<std::uint32_t>(data.size());
    std::size_t i = 0;
    for (; i + 4 <= data.size(); i += 4) {
        std::uint32_t k =
            byte_at(data, i) | byte_at(data, i + 1) << 8 | byte_at(data, i + 2) << 16 | byte_at(data, i + 3) << 24;
        k *= m;
        k ^= k >> 24;
        k *= m;
        h *= m;
        h ^= k;
    }
    if (i < data.size()) {
        for (std::size_t rest = data.size() - i; rest > 0; --rest) h ^= byte_at(data, i + rest - 1) << (8 * (rest - 1));
        h *= m;
    }
    h ^= h >> 13;
    h *= m;
    h ^= h >> 15;
    return h;
}

}  // namespace

int partition_of_key(std::string_view key, int partitions) noexcept {
    return static_cast<int>(murmur2(key) & 0x7fffffffU) % partitions;
}

}  // namespace nearline::stream
