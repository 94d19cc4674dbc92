#include "admin/records_query.hpp"

#include <algorithm>
#include <limits>

#include "admin/parameters.hpp"
#include "domain/wrong_parameters.hpp"

namespace nearline::admin {

namespace {

void take_from(RecordsQuery& query, Parameters& parameters, std::string_view from) {
    if (from == "last") {
        query.from = RecordsQuery::From::last;
    } else if (from == "earliest") {
        query.from = RecordsQuery::From::earliest;
    } else if (from == "latest") {
        query.from = RecordsQuery::From::latest;
    } else if (auto cursor = parse_cursor(from)) {
        query.from = RecordsQuery::From::cursor;
        query.cursor = std::move(*cursor);
    } else {
        parameters.wrong("/from", "must be last, earliest, latest or the `next` of an answer");
    }
}

}  // namespace

std::string to_string(const Cursor& cursor) {
    std::string text;
    for (const auto& [partition, offset] : cursor) {
        if (!text.empty()) text += ',';
        text += std::to_string(partition) + ":" + std::to_string(offset);
    }
    return text;
}

std::optional<Cursor> parse_cursor(std::string_view text) {
    Cursor cursor;
    while (!text.empty()) {
        const auto part = text.substr(0, text.find(','));
        text.remove_prefix(std::min(part.size() + 1, text.size()));
        const auto colon = part.find(':');
        if (colon == std::string_view::npos) return std::nullopt;
        const auto partition = parse_number<int>(part.substr(0, colon));
        const auto offset = parse_number<std::int64_t>(part.substr(colon + 1));
        if (!partition || !offset) return std::nullopt;
        cursor[*partition] = *offset;
    }
    if (cursor.empty()) return std::nullopt;
    return cursor;
}

Result<RecordsQuery> parse_records_query(const std::map<std::string, std::string>& given) {
    RecordsQuery query;
    Parameters parameters(given, {"partition", "offset", "from", "limit", "wait"});
    constexpr int most_partition = 1'000'000;
    query.partition = parameters.number<int>("partition", 0, most_partition);
    query.limit = parameters.number<int>("limit", 1, RecordsQuery::most_limit).value_or(query.limit);
    const auto most_seconds = std::chrono::duration_cast<std::chrono::seconds>(RecordsQuery::most_wait).count();
    query.wait = std::chrono::seconds(parameters.number<std::int64_t>("wait", 0, most_seconds).value_or(0));
    if (const auto from = parameters.text("from")) take_from(query, parameters, *from);
    if (parameters.text("offset")) {
        const auto offset = parameters.number<std::int64_t>("offset", 0, std::numeric_limits<std::int64_t>::max());
        if (!parameters.text("partition")) parameters.wrong("/offset", "needs a partition beside it");
        if (parameters.text("from")) parameters.wrong("/offset", "does not go together with from");
        query.from = RecordsQuery::From::cursor;
        query.cursor[query.partition.value_or(0)] = offset.value_or(0);
    }
    if (parameters.errors.empty()) return query;
    return wrong_parameters(std::move(parameters.errors));
}

Cursor first_positions(const RecordsQuery& query, const std::map<int, stream::Watermarks>& logs) {
    Cursor positions;
    for (const auto& [partition, log] : logs) {
        if (query.partition && *query.partition != partition) continue;
        switch (query.from) {
            case RecordsQuery::From::last:
                positions[partition] = std::max(log.start, log.end - query.limit);
                break;
            case RecordsQuery::From::earliest:
                positions[partition] = log.start;
                break;
            case RecordsQuery::From::latest:
                positions[partition] = log.end;
                break;
            case RecordsQuery::From::cursor: {
                // A partition that the cursor does not know is newer than it: all of it is unread.
                const auto at = query.cursor.find(partition);
                positions[partition] = at == query.cursor.end() ? log.start : std::max(log.start, at->second);
                break;
            }
        }
    }
    return positions;
}

}  // namespace nearline::admin
