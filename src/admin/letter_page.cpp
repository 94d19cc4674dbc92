#include "admin/letter_page.hpp"

#include <algorithm>

#include "admin/record_json.hpp"

namespace nearline::admin {
namespace {

/// Letters read for a page, if need be: what is wanted of them by its state is known only when their partition has been
/// read to its end, which a page of one each would do once for each letter.
constexpr std::size_t least_candidates = 5'000;

/// Of a letter that no mark tells of.
LetterState first_state(const stream::LetterFacts& facts, const std::string& retry_topic) {
    if (facts.is_stub) return LetterState::stub;
    return facts.origin && facts.origin->topic == retry_topic ? LetterState::returned : LetterState::waiting;
}

}  // namespace

LetterPage::LetterPage(const LetterQuery& query, std::string topic, const Cursor& starts, std::size_t most_bytes)
    : query_(query),
      topic_(std::move(topic)),
      retry_topic_(stream::retry_topic_of(topic_).value_or("")),
      most_bytes_(most_bytes) {
    for (const auto& [partition, end] : query.until) {
        const auto start = starts.find(partition);
        const auto given = query.cursor.find(partition);
        next_[partition] =
            std::max(start == starts.end() ? 0 : start->second, given == query.cursor.end() ? 0 : given->second);
    }
    first_ = next_;
}

std::vector<stream::Position> LetterPage::positions() const {
    std::vector<stream::Position> positions;
    for (const auto& [partition, offset] : next_) {
        if (offset >= query_.until.at(partition)) continue;
        if (!query_.places.empty() && !query_.places.contains(partition)) continue;
        positions.push_back({{topic_, partition}, offset});
    }
    return positions;
}

bool LetterPage::take(stream::ConsumedRecord&& record) {
    const int partition = record.at.partition;
    // What follows in the partition where it became full may still be marks of its letters.
    if (is_full_ && partition != full_in_) return false;
    if (const auto mark = stream::read_mark(record)) {
        apply(partition, *mark);
        return true;
    }
    if (is_full_ || record.offset >= query_.until.at(partition)) return true;
    auto facts = stream::read_letter(record);
    if (is_selected(query_, record, facts)) {
        if (letters_.size() >= std::max(limit(), least_candidates) || bytes_ >= most_bytes_) {
            is_full_ = true;
            full_in_ = partition;
            next_[partition] = record.offset;
            return true;
        }
        bytes_ += size_of(record);
        const auto state = first_state(facts, retry_topic_);
        letters_.push_back({record, std::move(facts), state});
    }
    next_[partition] = record.offset + 1;
    return true;
}

void LetterPage::apply(int partition, const stream::LetterMark& mark) {
    for (auto& letter : letters_) {
        if (letter.record.at.partition != partition || !mark.offsets.contains(letter.record.offset)) continue;
        // What is dropped stays so.
        if (letter.state == LetterState::dropped) continue;
        letter.state = mark.kind == stream::LetterMark::Kind::dropped ? LetterState::dropped : LetterState::replayed;
    }
}

void LetterPage::finish() {
    for (auto& [partition, offset] : next_) {
        if (!is_full_ || partition < full_in_) offset = query_.until.at(partition);
    }
    std::erase_if(letters_, [&](const Letter& letter) {
        return query_.states.empty() ? letter.state == LetterState::dropped : !query_.states.contains(letter.state);
    });
    if (letters_.size() > limit()) cut();
}

/// The first letter that is too many is the next page's first.
void LetterPage::cut() {
    const auto& too_many = letters_[limit()].record;
    next_[too_many.at.partition] = too_many.offset;
    for (auto at = next_.upper_bound(too_many.at.partition); at != next_.end(); ++at) at->second = first_.at(at->first);
    letters_.erase(letters_.begin() + static_cast<std::ptrdiff_t>(limit()), letters_.end());
    is_full_ = true;
}

bool LetterPage::is_last() const {
    return !is_full_;
}

void DroppedLetters::take(const stream::ConsumedRecord& record) {
    auto& partition = partitions_[record.at.partition];
    partition.end = record.offset + 1;
    if (const auto mark = stream::read_mark(record)) {
        if (mark->kind == stream::LetterMark::Kind::dropped) partition.dropped.add(mark->offsets);
    } else {
        partition.letters.push_back(record.offset);
    }
}

Cursor DroppedLetters::ends() const {
    Cursor ends;
    for (const auto& [number, partition] : partitions_) {
        const auto alive =
            std::find_if(partition.letters.begin(), partition.letters.end(),
                         [&dropped = partition.dropped](std::int64_t offset) { return !dropped.contains(offset); });
        ends[number] = alive == partition.letters.end() ? partition.end : *alive;
    }
    return ends;
}

}  // namespace nearline::admin
