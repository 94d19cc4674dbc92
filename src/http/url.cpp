#include "http/url.hpp"

#include <algorithm>
#include <charconv>
#include <stdexcept>
#include <string_view>

#include "http/text.hpp"

namespace nearline::http {

Url parse_url(const std::string& text) {
    const auto bad = [&](const std::string& why) { return std::invalid_argument("'" + text + "' " + why); };
    std::string_view rest(text);
    const auto scheme = rest.substr(0, rest.find("://"));
    if (equal_ignoring_case(scheme, "https"))
        throw bad(
            "is https, which this client does not speak: TLS ends at the ingress; give the http:// address behind it");
    if (scheme.size() == rest.size() || !equal_ignoring_case(scheme, "http")) throw bad("must begin with http://");
    rest.remove_prefix(scheme.size() + 3);
    if (!std::all_of(rest.begin(), rest.end(), [](char c) { return c > 0x20 && c < 0x7f; }))
        throw bad("has a character that must be percent-encoded");

    Url url;
    url.authority = rest.substr(0, rest.find_first_of("/?#"));
    url.path = rest.substr(url.authority.size());
    url.path = url.path.substr(0, url.path.find('#'));
    if (url.path.starts_with('?')) url.path = "/" + url.path;
    if (url.authority.find('@') != std::string::npos)
        throw bad("has a name or password in it; they don't belong there");

    std::string_view host(url.authority);
    std::string_view port;
    if (host.starts_with('[')) {
        const auto end = host.find(']');
        if (end == std::string_view::npos) throw bad("has a [ without a ]");
        port = host.substr(end + 1);
        host = host.substr(1, end - 1);
    } else {
        const auto colon = std::min(host.find(':'), host.size());
        port = host.substr(colon);
        host = host.substr(0, colon);
    }
    if (host.empty()) throw bad("names no host");
    url.host = host;
    if (port.empty()) return url;
    const auto digits = port.substr(1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), url.port);
    if (port.front() != ':' || error != std::errc() || end != digits.data() + digits.size() || url.port < 1 ||
        url.port > 65535)
        throw bad("has no port from 1 to 65535 after the colon");
    return url;
}

}  // namespace nearline::http
