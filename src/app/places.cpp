#include "app/places.hpp"

#include <algorithm>
#include <boost/asio/ip/address.hpp>

#include "domain/whole_number.hpp"

namespace nearline::app {

namespace {

constexpr std::string_view embedded_scheme = "embedded:";

bool is_host_and_port(std::string_view text) {
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos || colon == 0) return false;
    const auto port = parse_whole_number<int>(text.substr(colon + 1));
    return port && *port > 0 && *port < 65'536 && text.find_first_of("/@ ?#") == std::string_view::npos;
}

}  // namespace

Parsed<StreamPlace> StreamPlace::parse(const std::string& text) {
    if (text.starts_with(embedded_scheme)) {
        auto folder = text.substr(embedded_scheme.size());
        if (folder.empty()) return std::string("needs a folder: embedded:DIR");
        return StreamPlace{Kind::embedded, std::move(folder)};
    }
    const std::string scheme = "kafka://";
    if (!text.starts_with(scheme)) return std::string("must be kafka://host:port,host:port or embedded:DIR");
    auto brokers = text.substr(scheme.size());
    std::string_view rest = brokers;
    for (;;) {
        const auto broker = rest.substr(0, rest.find(','));
        if (!is_host_and_port(broker)) {
            return "\"" + std::string(broker) + "\" is not host:port; a list is kafka://host:port,host:port";
        }
        if (broker.size() == rest.size()) break;
        rest.remove_prefix(broker.size() + 1);
    }
    return StreamPlace{Kind::kafka, std::move(brokers)};
}

Parsed<RegistryPlace> RegistryPlace::parse(const std::string& text) {
    if (text.starts_with(embedded_scheme)) {
        auto folder = text.substr(embedded_scheme.size());
        if (folder.empty()) return std::string("needs a folder: embedded:DIR");
        return RegistryPlace{Kind::embedded, std::move(folder), {}};
    }
    if (!text.starts_with("http://") && !text.starts_with("https://")) {
        return std::string("must begin with http://, https:// or embedded:");
    }
    const auto host = text.find("://") + 3;
    const auto slash = std::min(text.find_first_of("/?#", host), text.size());
    const auto at = text.substr(0, slash).rfind('@');
    RegistryPlace place{Kind::http, text, {}};
    if (at != std::string::npos && at >= host) {
        place.user = text.substr(host, at - host);
        if (place.user.find(':') != std::string::npos) {
            return std::string(
                "must not hold a password: everyone who sees the process sees it; set REGISTRY_PASSWORD");
        }
        place.where = text.substr(0, host) + text.substr(at + 1);
    }
    if (place.where.size() <= host || place.where[host] == '/' || place.where[host] == ':')
        return std::string("has no host");
    return place;
}

std::optional<std::string> sqlite_file(const std::string& url) {
    const std::string scheme = "sqlite:";
    if (!url.starts_with(scheme)) return std::nullopt;
    return url.substr(scheme.size());
}

bool is_loopback(const std::string& address) {
    if (address == "localhost") return true;
    boost::system::error_code error;
    const auto parsed = boost::asio::ip::make_address(address, error);
    return !error && parsed.is_loopback();
}

}  // namespace nearline::app
