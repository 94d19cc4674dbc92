#include "stream/dead_letter.hpp"

#include "domain/uuid.hpp"

namespace nearline::stream {
namespace {

void describe(Record& letter, const ConsumedRecord& record, const Rejection& reason) {
    const auto add = [&letter](std::string key, std::string value) {
        letter.headers.push_back({std::move(key), std::move(value)});
    };
    add("__connect.errors.topic", record.at.topic);
    add("__connect.errors.partition", std::to_string(record.at.partition));
    add("__connect.errors.offset", std::to_string(record.offset));
    add("__connect.errors.stage", reason.stage);
    add("__connect.errors.class.name", reason.class_name);
    add("__connect.errors.exception.message", reason.message);
}

std::string name_for(std::string_view topic, std::string_view role, std::string_view purpose) {
    std::string name(topic);
    for (const auto part : {role, purpose}) (name += '.') += part;
    return name;
}

}  // namespace

std::string dead_letter_topic(std::string_view topic, std::string_view role) {
    return name_for(topic, role, "dlq");
}

TopicOptions for_retries(TopicOptions topic) {
    topic.partitions = 1;
    return topic;
}

std::string retry_topic(std::string_view topic, std::string_view role) {
    return name_for(topic, role, "retry");
}

Record make_dead_letter(const ConsumedRecord& record, const Rejection& reason) {
    auto letter = static_cast<const Record&>(record);
    // The dead letter's own time: its topic's retention counts from the failure, not from the request.
    letter.timestamp = 0;
    describe(letter, record, reason);
    return letter;
}

Record make_dead_letter_stub(const ConsumedRecord& record, const Rejection& reason) {
    Record letter;
    letter.key = record.key;
    letter.headers = record.headers;
    describe(letter, record, reason);
    if (record.value) {
        letter.headers.push_back({std::string(stub_size_header), std::to_string(record.value->size())});
        letter.headers.push_back({std::string(stub_digest_header), sha256_hex(*record.value)});
    }
    return letter;
}

Record make_bare_dead_letter_stub(const ConsumedRecord& record, const Rejection& reason) {
    auto bare = record;
    bare.key.reset();
    bare.headers.clear();
    auto letter = make_dead_letter_stub(bare, reason);
    letter.headers.push_back({std::string(bare_stub_header), "without value, key and headers"});
    return letter;
}

}  // namespace nearline::stream
