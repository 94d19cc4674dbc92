#include "admin/letter_query.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <chrono>

#include "admin/parameters.hpp"
#include "domain/wrong_parameters.hpp"
#include "runtime/setting_values.hpp"

namespace nearline::admin {
namespace {

constexpr std::array<std::pair<LetterState, std::string_view>, 5> states{{{LetterState::waiting, "waiting"},
                                                                          {LetterState::returned, "returned"},
                                                                          {LetterState::stub, "stub"},
                                                                          {LetterState::replayed, "replayed"},
                                                                          {LetterState::dropped, "dropped"}}};

std::int64_t to_ms(WallTime time) {
    return std::chrono::floor<std::chrono::milliseconds>(time).time_since_epoch().count();
}

bool is_digits(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string in_lower_case(std::string_view text) {
    std::string lower(text);
    for (auto& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return lower;
}

std::optional<std::map<int, stream::OffsetRanges>> parse_places(std::string_view text) {
    std::map<int, stream::OffsetRanges> places;
    for (const auto& part : setting_values::split_list(text)) {
        const auto colon = part.find(':');
        if (colon == std::string::npos) return std::nullopt;
        const auto partition = parse_number<int>(std::string_view(part).substr(0, colon));
        const auto offsets = stream::OffsetRanges::parse(std::string_view(part).substr(colon + 1));
        if (!partition || !offsets) return std::nullopt;
        places[*partition].add(*offsets);
    }
    if (places.empty()) return std::nullopt;
    return places;
}

void take_states(LetterQuery& query, Parameters& parameters, std::string_view text) {
    for (const auto& name : setting_values::split_list(text)) {
        const auto found = std::find_if(states.begin(), states.end(), [&](const auto& s) { return s.second == name; });
        if (found != states.end()) {
            query.states.insert(found->first);
        } else {
            parameters.wrong("/state", "\"" + name + "\" is none of waiting, returned, stub, replayed, dropped");
        }
    }
}

std::vector<std::string> known_parameters(LetterCall call) {
    std::vector<std::string> known{"from", "to", "stage", "class", "reason", "offsets", "limit", "cursor", "until"};
    if (call == LetterCall::replay) known.insert(known.end(), {"again", "returned"});
    if (call == LetterCall::replay || call == LetterCall::drop) known.emplace_back("dry_run");
    if (call == LetterCall::list || call == LetterCall::drop) known.emplace_back("state");
    return known;
}

}  // namespace

std::string to_string(LetterState state) {
    const auto found = std::find_if(states.begin(), states.end(), [&](const auto& s) { return s.first == state; });
    return std::string(found->second);
}

std::optional<std::int64_t> parse_time(const std::string& text, WallTime now) {
    constexpr std::size_t ms_digits = 12;  // fewer are from before 1973: a slip
    if (is_digits(text)) return text.size() < ms_digits ? std::nullopt : parse_number<std::int64_t>(text);
    if (const auto ago = setting_values::parse_duration(text); ago && ago->count() >= 0) return to_ms(now - *ago);
    const std::string_view whole = "0000-00-00 00:00:00.000000";
    std::string full = text;
    if (full.ends_with('Z')) full.pop_back();
    if (full.size() > 10 && full[10] == 'T') full[10] = ' ';
    for (const std::size_t length : {10, 16, 19}) {
        if (full.size() == length) full += whole.substr(length);
    }
    if (full.size() > 20 && full.size() < whole.size()) full.append(whole.size() - full.size(), '0');
    const auto time = parse_created_at(full);
    if (!time) return std::nullopt;
    return to_ms(*time);
}

Result<LetterQuery> parse_letter_query(LetterCall call, const std::map<std::string, std::string>& given, WallTime now) {
    LetterQuery query;
    Parameters parameters(given, known_parameters(call));
    const auto take_time = [&](const std::string& name, std::optional<std::int64_t>& target) {
        const auto text = parameters.text(name);
        if (!text) return;
        target = parse_time(std::string(*text), now);
        if (!target) {
            parameters.wrong("/" + name,
                             "must be a time in UTC such as 2026-11-25T11:00:00Z, or so long ago, such as 2h");
        }
    };
    const auto take_cursor = [&](const std::string& name, Cursor& target) {
        const auto text = parameters.text(name);
        if (!text) return;
        auto cursor = parse_cursor(*text);
        if (!cursor) parameters.wrong("/" + name, "must be that of an answer");
        target = std::move(cursor).value_or(Cursor());
    };
    take_time("from", query.from);
    take_time("to", query.to);
    query.stage = parameters.text("stage").value_or("");
    query.class_name = parameters.text("class").value_or("");
    query.reason = in_lower_case(parameters.text("reason").value_or(""));
    if (const auto text = parameters.text("offsets")) {
        auto places = parse_places(*text);
        if (!places)
            parameters.wrong("/offsets", "must be partition:offset or partition:first-last, such as 0:12,3:7-9");
        query.places = std::move(places).value_or(std::map<int, stream::OffsetRanges>());
    }
    if (const auto text = parameters.text("state")) take_states(query, parameters, *text);
    query.limit = parameters.number<int>("limit", 1, LetterQuery::most_limit).value_or(query.limit);
    take_cursor("cursor", query.cursor);
    take_cursor("until", query.until);
    query.again = parameters.flag("again");
    query.returned = parameters.flag("returned");
    query.is_dry_run = parameters.flag("dry_run");
    if (parameters.errors.empty()) return query;
    return wrong_parameters(std::move(parameters.errors));
}

bool is_selected(const LetterQuery& query, const stream::ConsumedRecord& record, const stream::LetterFacts& facts) {
    if (query.from && record.timestamp < *query.from) return false;
    if (query.to && record.timestamp >= *query.to) return false;
    if (!query.stage.empty() && facts.stage != query.stage) return false;
    if (!query.class_name.empty() && facts.class_name != query.class_name) return false;
    if (!query.reason.empty() && in_lower_case(facts.message).find(query.reason) == std::string::npos) return false;
    if (query.places.empty()) return true;
    const auto place = query.places.find(record.at.partition);
    return place != query.places.end() && place->second.contains(record.offset);
}

bool is_to_replay(const LetterQuery& query, LetterState state) noexcept {
    switch (state) {
        case LetterState::waiting:
            return true;
        case LetterState::returned:
            return query.returned;
        case LetterState::replayed:
            return query.again;
        case LetterState::stub:
        case LetterState::dropped:
            break;
    }
    return false;
}

}  // namespace nearline::admin
