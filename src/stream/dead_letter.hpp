#pragma once

#include <string>
#include <string_view>

#include "domain/rejection.hpp"
#include "stream/admin.hpp"
#include "stream/record.hpp"

namespace nearline::stream {

/// Of stubs alone: what the value was that did not come along, or that more than it did not.
inline constexpr std::string_view stub_size_header = "nearline.value.size";
inline constexpr std::string_view stub_digest_header = "nearline.value.sha256";
inline constexpr std::string_view bare_stub_header = "nearline.stub";

/// "<topic>.<role>.dlq"
std::string dead_letter_topic(std::string_view topic, std::string_view role);
/// "<topic>.<role>.retry": replayed dead letters and records that wait (deferred_record.hpp), which that role alone
/// reads, beside its topic.
std::string retry_topic(std::string_view topic, std::string_view role);
/// How it is made, beside a topic that is made with `topic`: with one partition. What is replayed is little, and a
/// group divides the sum of what it reads: with as many as the topic has, one member could get all of that, and another
/// nothing else.
TopicOptions for_retries(TopicOptions topic);

/// The dead letter of a record: key, value and headers untouched, and behind them (names as in Kafka
/// Connect, KIP-298) __connect.errors.topic, .partition, .offset, .stage, .class.name, .exception.message.
Record make_dead_letter(const ConsumedRecord& record, const Rejection& reason);

/// The dead letter of a record that is too large for the dead-letter topic: without its value, and with
/// the headers nearline.value.size and nearline.value.sha256 beside its place.
Record make_dead_letter_stub(const ConsumedRecord& record, const Rejection& reason);

/// The last resort, where key and headers alone are too large: the stub without them, and with the header
/// nearline.stub, which says so.
Record make_bare_dead_letter_stub(const ConsumedRecord& record, const Rejection& reason);

}  // namespace nearline::stream
