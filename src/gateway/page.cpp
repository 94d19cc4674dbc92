#include "gateway/page.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "domain/time.hpp"
#include "domain/whole_number.hpp"
#include "domain/wrong_parameters.hpp"
#include "token/base64url.hpp"

namespace nearline::gateway {
namespace {

// Of a cursor: version, created_at, request id.
constexpr char version = 1;
constexpr std::size_t created_at_size = std::string_view("2022-12-29 00:07:11.830677").size();
constexpr std::size_t id_size = 16;
constexpr std::size_t cursor_size = 1 + created_at_size + id_size;

std::optional<int> parse_limit(std::string_view text) {
    const auto limit = parse_whole_number<int>(text);
    return limit && *limit >= 1 && *limit <= PageQuery::most ? limit : std::nullopt;
}

/// {"id":"…", and the ten fields.
void append_item(std::string& json, const ArchivedPrediction& item) {
    const std::string fields = to_json(item.prediction);
    json += R"({"id":")" + item.id.to_string() + "\",";
    json += std::string_view(fields).substr(1);
}

}  // namespace

Result<PageQuery> parse_page_query(const std::map<std::string, std::string>& query) {
    PageQuery page;
    std::vector<Violation> errors;
    for (const auto& [name, value] : query) {
        if (name == "limit") {
            const auto limit = parse_limit(value);
            if (!limit) errors.push_back({"/limit", "must be a whole number from 1 to " + std::to_string(page.most)});
            page.limit = limit.value_or(page.limit);
        } else if (name == "after") {
            page.after = parse_page_cursor(value);
            if (!page.after)
                errors.push_back({"/after",
                                  "must be as the Link of a page before has it; without it the "
                                  "newest come first"});
        } else {
            errors.push_back({"/" + name, "is no parameter; known are limit, after"});
        }
    }
    if (errors.empty()) return page;
    return wrong_parameters(std::move(errors));
}

std::string to_text(const PageCursor& cursor) {
    std::string bytes(1, version);
    bytes += cursor.created_at;
    for (const std::uint8_t byte : cursor.id.bytes()) bytes += static_cast<char>(byte);
    return token::base64url_encode(bytes);
}

std::optional<PageCursor> parse_page_cursor(std::string_view text) {
    // Before decoding: hostile text can be long.
    if (text.size() != (cursor_size * 4 + 2) / 3) return {};
    const auto bytes = token::base64url_decode(text);
    if (!bytes || bytes->size() != cursor_size || bytes->front() != version) return {};
    PageCursor cursor;
    cursor.created_at = bytes->substr(1, created_at_size);
    if (!parse_created_at(cursor.created_at)) return {};
    std::array<std::uint8_t, id_size> id{};
    std::transform(bytes->end() - id_size, bytes->end(), id.begin(),
                   [](char c) { return static_cast<std::uint8_t>(c); });
    cursor.id = Uuid(id);
    return cursor;
}

Page make_page(const std::vector<ArchivedPrediction>& found, int limit) {
    const auto most = std::min(found.size(), static_cast<std::size_t>(limit));
    std::size_t shown = 0;
    Page page;
    page.json = R"({"predictions":[)";
    for (std::size_t bytes = 0; shown < most && bytes < most_page_bytes; ++shown) {
        if (shown > 0) page.json += ',';
        append_item(page.json, found[shown]);
        bytes += size_in_bytes(found[shown]);
    }
    page.json += "]}";
    if (shown > 0 && shown < found.size()) {
        const auto& last = found[shown - 1];
        page.next = PageCursor{last.prediction.created_at, last.id};
    }
    return page;
}

http::Response page_response(const Page& page, int limit) {
    auto response = http::json_response(200, page.json);
    if (page.next) {
        const std::string target = "/predictions?limit=" + std::to_string(limit) + "&after=" + to_text(*page.next);
        response.headers.add("Link", "<" + target + ">; rel=\"next\"");
    }
    return response;
}

}  // namespace nearline::gateway
