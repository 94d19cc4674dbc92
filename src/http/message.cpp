#include "http/message.hpp"

#include <algorithm>

#include "domain/json.hpp"
#include "http/text.hpp"

namespace nearline::http {

void Headers::add(std::string name, std::string value) {
    fields_.emplace_back(std::move(name), std::move(value));
}

void Headers::set(std::string name, std::string value) {
    std::erase_if(fields_, [&](const auto& field) { return equal_ignoring_case(field.first, name); });
    add(std::move(name), std::move(value));
}

std::optional<std::string_view> Headers::find(std::string_view name) const noexcept {
    for (const auto& [key, value] : fields_)
        if (equal_ignoring_case(key, name)) return value;
    return std::nullopt;
}

Response to_response(const Problem& problem) {
    std::string body = "{\"title\":" + quote_json(problem.title) + ",\"status\":" + std::to_string(problem.status) +
                       ",\"detail\":" + quote_json(problem.detail);
    if (!problem.request_id.empty()) body += ",\"request_id\":" + quote_json(problem.request_id);
    if (!problem.errors.empty()) {
        body += ",\"errors\":[";
        for (const auto& [pointer, detail] : problem.errors) {
            if (body.back() != '[') body += ',';
            body += "{\"pointer\":" + quote_json(pointer) + ",\"detail\":" + quote_json(detail) + '}';
        }
        body += ']';
    }
    body += "}\n";
    Response response{problem.status, {{"Content-Type", "application/problem+json"}}, std::move(body)};
    if (problem.retry_after) response.headers.add("Retry-After", std::to_string(problem.retry_after->count()));
    if (!problem.www_authenticate.empty()) response.headers.add("WWW-Authenticate", problem.www_authenticate);
    return response;
}

Response json_response(int status, std::string body) {
    return {status, {{"Content-Type", "application/json"}}, std::move(body)};
}

}  // namespace nearline::http
