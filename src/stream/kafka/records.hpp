#pragma once

#include "stream/kafka/handles.hpp"
#include "stream/record.hpp"

namespace nearline::stream::kafka {

ConsumedRecord to_record(rd_kafka_message_t& message);

/// Nothing where the record has no headers.
Headers to_headers(const Record& record);

}  // namespace nearline::stream::kafka
