#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "domain/problem.hpp"

/// The strict check of a request's header, on its bytes as they came: what RFC 9112 calls ambiguous, and
/// what servers and proxies are known to read in two ways (request smuggling), is refused before Beast's
/// more lenient parser sees it. Pure functions of bytes, thread-safe.
namespace nearline::http {

/// How far the header of a request is there.
struct HeaderScan {
    enum class State { incomplete, complete, broken };
    State state = State::incomplete;
    std::size_t length = 0;  ///< complete: of the header, with the empty line that ends it
};

/// Looks for the end of the header that `received` starts with. `scanned`: how many bytes an earlier call
/// has seen. Broken as soon as no header can come of it: it does not start like a method, or a line ends
/// with a bare LF.
HeaderScan scan_header(std::string_view received, std::size_t scanned = 0) noexcept;

/// What a header that passed the check says. The views point into it.
struct RequestHead {
    std::string_view method;
    std::string_view target;  ///< as sent
    std::string_view path;    ///< of the target, as sent; "*" for OPTIONS *
    std::string_view query;   ///< of the target, as sent, without the "?"
    int minor_version = 1;    ///< HTTP/1.0 or HTTP/1.1
    bool chunked = false;
    std::optional<std::uint64_t> content_length{};
    bool expects_continue = false;
};

/// Checks a whole header (request line, fields, empty line). The problem is a 400, a 417 for an
/// expectation other than 100-continue, or a 431 for too many fields; the connection must be closed
/// after it, as nobody can say where the next request would start.
Result<RequestHead> check_header(std::string_view header);

/// The problem of a header that scan_header calls broken.
Problem broken_header(std::string_view received);

/// Whether a line ends with a bare LF, which a CRLF would have to: of what a chunked body has beside its data.
bool has_bare_lf(std::string_view lines) noexcept;

inline constexpr std::size_t most_header_fields = 100;

}  // namespace nearline::http
