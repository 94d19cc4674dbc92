#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "admin/letter_query.hpp"

namespace nearline::admin {

struct Letter {
    stream::ConsumedRecord record;
    stream::LetterFacts facts;
    LetterState state = LetterState::waiting;
};

/// Puts a part of a dead-letter topic together: letters that are asked for, up to a number and a size, with
/// what the marks behind them say. Is handed the records of one partition after the other, in their order.
/// No I/O.
class LetterPage {
public:
    /// `starts` has the first offset of each partition, `query.until` the ends of those that are asked for.
    LetterPage(const LetterQuery& query, std::string topic, const Cursor& starts, std::size_t most_bytes);

    /// Where to read from: the partitions that are not done.
    std::vector<stream::Position> positions() const;
    /// False: it needs no more.
    bool take(stream::ConsumedRecord&& record);
    /// All has been read, or what take() needed.
    void finish();

    /// By partition and offset; those that are not asked for by their state are left out. After finish().
    const std::vector<Letter>& letters() const noexcept { return letters_; }
    /// Where the next page goes on. After finish().
    const Cursor& next() const noexcept { return next_; }
    /// Nothing is left for a next page.
    bool is_last() const;

private:
    void apply(int partition, const stream::LetterMark& mark);
    void cut();
    std::size_t limit() const noexcept { return static_cast<std::size_t>(query_.limit); }

    const LetterQuery& query_;
    const std::string topic_;
    const std::string retry_topic_;
    const std::size_t most_bytes_;
    Cursor first_, next_;
    std::vector<Letter> letters_;
    std::size_t bytes_ = 0;
    bool is_full_ = false;
    int full_in_ = -1;  // the partition in which it became so
};

/// How far each partition of a dead-letter topic can be cut: up to its first letter that was not dropped. Is
/// handed all its records. No I/O.
class DroppedLetters {
public:
    void take(const stream::ConsumedRecord& record);
    /// By partition: what is before this offset can go.
    Cursor ends() const;

private:
    struct Partition {
        std::vector<std::int64_t> letters;  // their offsets, rising
        stream::OffsetRanges dropped;
        std::int64_t end = 0;
    };
    std::map<int, Partition> partitions_;
};

}  // namespace nearline::admin
