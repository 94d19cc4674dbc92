#pragma once

#include <librdkafka/rdkafka.h>
#include <memory>

/// One owner type for each C handle of librdkafka. This header is for the .cpp files of kafka/ only.
namespace nearline::stream::kafka {

template <auto free>
struct Free {
    template <class T>
    void operator()(T* handle) const noexcept {
        free(handle);
    }
};

/// Consumers are closed by their owners, within a time; destroying one must not close it again.
inline void destroy_client(rd_kafka_t* client) noexcept {
    rd_kafka_destroy_flags(client, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
}

using Client = std::unique_ptr<rd_kafka_t, Free<destroy_client>>;
using Conf = std::unique_ptr<rd_kafka_conf_t, Free<rd_kafka_conf_destroy>>;
using Topic = std::unique_ptr<rd_kafka_topic_t, Free<rd_kafka_topic_destroy>>;
using Queue = std::unique_ptr<rd_kafka_queue_t, Free<rd_kafka_queue_destroy>>;
using Event = std::unique_ptr<rd_kafka_event_t, Free<rd_kafka_event_destroy>>;
using Error = std::unique_ptr<rd_kafka_error_t, Free<rd_kafka_error_destroy>>;
using Message = std::unique_ptr<rd_kafka_message_t, Free<rd_kafka_message_destroy>>;
using Headers = std::unique_ptr<rd_kafka_headers_t, Free<rd_kafka_headers_destroy>>;
using Partitions = std::unique_ptr<rd_kafka_topic_partition_list_t, Free<rd_kafka_topic_partition_list_destroy>>;
using GroupMetadata = std::shared_ptr<rd_kafka_consumer_group_metadata_t>;
using Metadata = std::unique_ptr<const rd_kafka_metadata_t, Free<rd_kafka_metadata_destroy>>;

}  // namespace nearline::stream::kafka
