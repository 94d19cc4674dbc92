#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "admin/records_query.hpp"
#include "domain/problem.hpp"
#include "domain/time.hpp"
#include "stream/letter.hpp"

/// Which dead letters are asked for, and what may be done with them. No I/O.
namespace nearline::admin {

enum class LetterState {
    waiting,   ///< nothing was done about it
    returned,  ///< it was replayed, and its role could not process it again: the letter of a record of the retry topic
    stub,      ///< too large to have come along whole: it can't be replayed
    replayed,  ///< written to the retry topic
    dropped,   ///< removed, for all who ask here
};
/// "waiting", "returned", "stub", "replayed", "dropped"
std::string to_string(LetterState state);

struct LetterQuery {
    std::optional<std::int64_t> from{};  ///< ms since 1970, of the letter, this one included
    std::optional<std::int64_t> to{};    ///< without this one
    std::string stage{};                 ///< this one; empty: any
    std::string class_name{};
    std::string reason{};  ///< part of the message, letters' case ignored
    std::map<int, stream::OffsetRanges> places{};
    std::set<LetterState> states{};  ///< empty: all but dropped
    int limit = 500;                 ///< of letters in one answer
    Cursor cursor{};                 ///< where to go on; empty: at the logs' start
    Cursor until{};                  ///< where the logs ended when it was begun; empty: it begins now

    bool is_dry_run = false;
    bool again = false;     ///< replays what was replayed
    bool returned = false;  ///< replays what came back

    static constexpr int most_limit = 5'000;
};

/// Which parameters a call takes beside those that select.
enum class LetterCall { list, replay, drop };

/// From a request's query: from, to (times), stage, class, reason, offsets ("0:12,0:15-20,3:7"), state (a
/// list), limit, cursor, until; replay: again, returned, dry_run; drop: dry_run. A 400 names every parameter
/// that is wrong. `now` is what times like "2h" (ago) count from.
Result<LetterQuery> parse_letter_query(LetterCall call, const std::map<std::string, std::string>& query, WallTime now);

/// "2026-11-25", "2026-11-25 11:00", with seconds and their fraction, with T, with Z: always UTC; "2h" or
/// "30m": so long ago; or milliseconds since 1970. Nothing for any other text.
std::optional<std::int64_t> parse_time(const std::string& text, WallTime now);

/// Whether a letter is one of those asked for, whatever its state.
bool is_selected(const LetterQuery& query, const stream::ConsumedRecord& record, const stream::LetterFacts& facts);

/// Whether replay takes a letter in this state.
bool is_to_replay(const LetterQuery& query, LetterState state) noexcept;

}  // namespace nearline::admin
