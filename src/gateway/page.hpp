#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/prediction_reader.hpp"
#include "domain/problem.hpp"
#include "http/message.hpp"

/// Listings of predictions, page by page. Pure functions, thread-safe.
namespace nearline::gateway {

/// What GET /predictions asks for.
struct PageQuery {
    static constexpr int most = 1'000;
    int limit = 100;  ///< 1 to `most`
    std::optional<PageCursor> after{};
};

/// Reads limit and after; a 400 that names every parameter that can't be used, and says what can.
Result<PageQuery> parse_page_query(const std::map<std::string, std::string>& query);

/// The value of `after`: opaque, and of letters that need no escaping in a URL. It is not signed: whatever it
/// says, it is a place in the caller's own listing.
std::string to_text(const PageCursor& cursor);
/// Nothing for what to_text() did not make.
std::optional<PageCursor> parse_page_cursor(std::string_view text);

/// One page, as it is answered.
struct Page {
    std::string json{};                ///< {"predictions":[{"id":…, the ten fields},…]}
    std::optional<PageCursor> next{};  ///< where there is more
};
/// Of what was found, of which one more than `limit`, or than most_page_bytes hold, tells that there is more.
Page make_page(const std::vector<ArchivedPrediction>& found, int limit);

/// 200, with a Link (RFC 8288) to the next page where there is one.
http::Response page_response(const Page& page, int limit);

}  // namespace nearline::gateway
