#pragma once

#include <string>
#include <string_view>

#include "http/message.hpp"

namespace nearline::http {

/// What an answer's header says beside the response itself.
struct AnswerContext {
    std::string_view date;        ///< http_date()
    std::string_view request_id;  ///< for X-Request-Id, unless the handler has set one
    int minor_version = 1;        ///< of the request
    bool keep_alive = true;
};

/// Appends status line, fields and empty line to `out`. Framing (Content-Length, Connection) is the
/// server's word alone: fields of these names in the response are left out. Control characters in values
/// become spaces, so that no value can end its line.
void append_header(std::string& out, const Response& response, const AnswerContext& context);

/// Whether an answer of this status has a body (RFC 9110, 6.4.1).
constexpr bool may_have_body(int status) noexcept {
    return status >= 200 && status != 204 && status != 304;
}

}  // namespace nearline::http
