#include <algorithm>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <vector>

#include "fuzz/target.hpp"

namespace nearline::fuzz {
namespace {

TEST(Seeds, AreReadAsPromised) {
    std::vector<std::filesystem::path> seeds;
    for (const auto& entry : std::filesystem::directory_iterator(NEARLINE_SEEDS)) seeds.push_back(entry.path());
    ASSERT_FALSE(seeds.empty());
    std::sort(seeds.begin(), seeds.end());
    for (const auto& seed : seeds) {
        std::fprintf(stderr, "%s\n", seed.c_str());  // a finding ends the process
        std::ifstream file(seed, std::ios::binary);
        const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
        EXPECT_EQ(LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()), 0);
    }
}

}  // namespace
}  // namespace nearline::fuzz
