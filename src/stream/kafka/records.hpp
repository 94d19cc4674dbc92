#pragma once

#include "stream/kafka/handles.hpp"
#include "stream/record.hpp"

namespace nearline::stream::kafka {

ConsumedRecord to_record(rd_kafka_message_t& message);

/// Nothing where the record has no headers.
Headers to_headers(const Record& record);

/// rd_kafka_produceva: the client takes a copy of the record, or gives an error. `opaque` is the message's.
Error produce(rd_kafka_t* client, const std::string& topic, std::optional<int> partition, const Record& record,
              void* opaque);

}  // namespace nearline::stream::kafka
