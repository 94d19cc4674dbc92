#pragma once

#include "stream/kafka/client.hpp"
#include "stream/stream.hpp"

namespace nearline::stream::kafka {

/// As Stream::scan().
void scan(const Cluster& cluster, const std::vector<Position>& from, std::chrono::milliseconds patience,
          const std::function<bool(ConsumedRecord&&)>& take);

}  // namespace nearline::stream::kafka
