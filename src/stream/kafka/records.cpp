#include "stream/kafka/records.hpp"

namespace nearline::stream::kafka {
namespace {

std::optional<std::string> bytes(const void* data, std::size_t size) {
    if (data == nullptr) return std::nullopt;
    return std::string(static_cast<const char*>(data), size);
}

}  // namespace

ConsumedRecord to_record(rd_kafka_message_t& message) {
    ConsumedRecord record;
    record.key = bytes(message.key, message.key_len);
    record.value = bytes(message.payload, message.len);
    record.at = {rd_kafka_topic_name(message.rkt), message.partition};
    record.offset = message.offset;
    rd_kafka_timestamp_type_t type{};
    record.timestamp = rd_kafka_message_timestamp(&message, &type);

    rd_kafka_headers_t* headers = nullptr;  // the message's
    if (rd_kafka_message_headers(&message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return record;
    record.headers.reserve(rd_kafka_header_cnt(headers));
    const char* name = nullptr;
    const void* value = nullptr;
    std::size_t size = 0;
    for (std::size_t i = 0; rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR;
         ++i) {
        record.headers.push_back({name, bytes(value, size)});
    }
    return record;
}

Headers to_headers(const Record& record) {
    if (record.headers.empty()) return nullptr;
    Headers headers(rd_kafka_headers_new(record.headers.size()));
    for (const auto& [key, value] : record.headers) {
        rd_kafka_header_add(headers.get(), key.data(), static_cast<ssize_t>(key.size()),
                            value ? value->data() : nullptr, value ? static_cast<ssize_t>(value->size()) : 0);
    }
    return headers;
}

}  // namespace nearline::stream::kafka
