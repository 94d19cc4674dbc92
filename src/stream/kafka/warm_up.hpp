#pragma once

#include "stream/kafka/client.hpp"

namespace nearline::stream::kafka {

/// Makes a client's connections to the leaders of a topic, which it would make when it first needs them. Blocks until
/// the deadline at most; whether all are there.
bool warm_up(rd_kafka_t* client, rd_kafka_topic_t* topic, Clock::time_point deadline);

}  // namespace nearline::stream::kafka
