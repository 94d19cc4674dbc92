#pragma once

#include <string>

namespace nearline::http {

/// An http:// URL in its parts.
struct Url {
    std::string host;  ///< a name or an address, without the brackets of IPv6
    int port = 80;
    std::string authority;  ///< as in the URL, for the Host header
    std::string path;       ///< with the query; "" or begins with "/"
};

/// Throws std::invalid_argument that says what is wrong. https:// is refused by name: TLS ends before
/// Nearline's services, at the ingress.
Url parse_url(const std::string& text);

}  // namespace nearline::http
