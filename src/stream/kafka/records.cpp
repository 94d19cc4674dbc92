#include "stream/kafka/records.hpp"

#include <array>

namespace nearline::stream::kafka {
namespace {

std::optional<std::string> bytes(const void* data, std::size_t size) {
    if (data == nullptr) return std::nullopt;
    return std::string(static_cast<const char*>(data), size);
}

rd_kafka_vu_t argument(rd_kafka_vtype_t type) {
    rd_kafka_vu_t value{};
    value.vtype = type;
    return value;
}

rd_kafka_vu_t argument(rd_kafka_vtype_t type, const std::optional<std::string>& text) {
    auto value = argument(type);
    // An empty text is not Kafka's null: data() of an empty string is no null pointer either.
    value.u.mem.ptr = text ? const_cast<char*>(text->data()) : nullptr;
    value.u.mem.size = text ? text->size() : 0;
    return value;
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

Error produce(rd_kafka_t* client, const std::string& topic, std::optional<int> partition, const Record& record,
              void* opaque) {
    auto headers = to_headers(record);
    std::array<rd_kafka_vu_t, 8> arguments{
        argument(RD_KAFKA_VTYPE_TOPIC),           argument(RD_KAFKA_VTYPE_PARTITION),
        argument(RD_KAFKA_VTYPE_MSGFLAGS),        argument(RD_KAFKA_VTYPE_VALUE, record.value),
        argument(RD_KAFKA_VTYPE_KEY, record.key), argument(RD_KAFKA_VTYPE_TIMESTAMP),
        argument(RD_KAFKA_VTYPE_OPAQUE),          argument(RD_KAFKA_VTYPE_HEADERS)};
    arguments[0].u.cstr = topic.c_str();
    arguments[1].u.i32 = partition.value_or(RD_KAFKA_PARTITION_UA);
    arguments[2].u.i = RD_KAFKA_MSG_F_COPY;
    arguments[5].u.i64 = record.timestamp;
    arguments[6].u.ptr = opaque;
    arguments[7].u.headers = headers.get();
    Error error(rd_kafka_produceva(client, arguments.data(), arguments.size() - (headers ? 0 : 1)));
    if (!error) static_cast<void>(headers.release());  // librdkafka's now
    return error;
}

}  // namespace nearline::stream::kafka
