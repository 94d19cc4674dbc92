#include <climits>
#include <gtest/gtest.h>

#include "stream/stream.hpp"

namespace nearline::stream {
namespace {

// The hashes in Kafka's own org.apache.kafka.common.utils.UtilsTest.testMurmur2. With so many partitions
// the partition is the hash without its sign bit.
TEST(PartitionOfKey, HashesAsKafkasJavaClients) {
    const auto hash = [](std::string_view key) { return partition_of_key(key, INT_MAX); };
    const auto positive = [](int value) { return value & 0x7fffffff; };
    EXPECT_EQ(hash("21"), positive(-973932308));
    EXPECT_EQ(hash("foobar"), positive(-790332482));
    EXPECT_EQ(hash("a-little-bit-long-string"), positive(-985981536));
    EXPECT_EQ(hash("a-little-bit-longer-string"), positive(-1486304829));
    EXPECT_EQ(hash("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8"), positive(-58897971));
    EXPECT_EQ(hash("abc"), positive(479470107));
}

TEST(PartitionOfKey, StaysInRange) {
    for (int partitions = 1; partitions < 20; ++partitions) {
        for (int key = 0; key < 200; ++key) {
            const int partition = partition_of_key(std::to_string(key), partitions);
            EXPECT_GE(partition, 0);
            EXPECT_LT(partition, partitions);
        }
    }
    EXPECT_EQ(partition_of_key("anything", 1), 0);
    EXPECT_EQ(partition_of_key("", 12), partition_of_key("", 12));
}

}  // namespace
}  // namespace nearline::stream
