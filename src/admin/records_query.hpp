#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "domain/problem.hpp"
#include "stream/admin.hpp"

/// Which records of a topic are asked for. No I/O.
namespace nearline::admin {

/// Where reading goes on, by partition.
using Cursor = std::map<int, std::int64_t>;

/// "0:12,3:7"
std::string to_string(const Cursor& cursor);
std::optional<Cursor> parse_cursor(std::string_view text);

struct RecordsQuery {
    enum class From {
        last,      ///< the newest `limit` records
        earliest,  ///< the log's start
        latest,    ///< its end: what comes from now on
        cursor,    ///< `cursor`, or `offset` of `partition`
    };
    From from = From::last;
    Cursor cursor{};
    std::optional<int> partition{};  ///< only this one
    int limit = 100;
    std::chrono::milliseconds wait{0};  ///< for a first record, where there is none

    static constexpr int most_limit = 1'000;
    static constexpr std::chrono::milliseconds most_wait{10'000};
};

/// From a request's query: partition, offset, from (last, earliest, latest or a cursor), limit, wait
/// (seconds). A 400 names every parameter that is wrong.
Result<RecordsQuery> parse_records_query(const std::map<std::string, std::string>& query);

/// Where to begin in each partition that is asked for. `logs` has all partitions of the topic.
Cursor first_positions(const RecordsQuery& query, const std::map<int, stream::Watermarks>& logs);

}  // namespace nearline::admin
