#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "stream/offset_ranges.hpp"
#include "stream/record.hpp"

/// Dead letters (dead_letter.hpp) as those see them who look after them: what they say of themselves, the
/// marks between them that say what has become of earlier ones, and the record that they were.
namespace nearline::stream {

struct LetterFacts {
    std::optional<TopicPartition> origin;  ///< where the record was; nothing: the letter does not say
    std::int64_t origin_offset = -1;
    std::string stage;
    std::string class_name;
    std::string message;
    /// It was too large to come along whole: it can't be replayed. What its value was, if that was it:
    bool is_stub = false;
    std::string value_size{};
    std::string value_sha256{};
};
LetterFacts read_letter(const Record& letter);

/// The record that a letter was made of, to be written to the role's retry topic: key, value and headers as they came,
/// without those behind them that say why it is a letter. Not for stubs.
Record make_replay(const Record& letter);

/// "input-topic.prediction.retry" for "input-topic.prediction.dlq"; nothing for names of other topics.
std::optional<std::string> retry_topic_of(const std::string& dead_letter_topic);

/// A record among the letters of a partition that says what was done to letters before it. It lies behind
/// them in the same log, so that no retention takes a mark as long as its letters are there.
struct LetterMark {
    enum class Kind { replayed, dropped };
    Kind kind = Kind::replayed;
    OffsetRanges offsets{};
};
Record make_mark(const LetterMark& mark);
/// Nothing where the record is a letter.
std::optional<LetterMark> read_mark(const Record& record);

}  // namespace nearline::stream
