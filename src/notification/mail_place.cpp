#include "notification/mail_place.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

namespace nearline::notification {
namespace {

constexpr std::string_view file_scheme = "file:";
constexpr std::string_view smtp_scheme = "smtp://";
constexpr std::string_view smtps_scheme = "smtps://";

using Parsed = boost::system::result<MailPlace, std::string>;

std::optional<std::string> percent_decoded(std::string_view text) {
    std::string decoded;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            decoded += text[i];
            continue;
        }
        unsigned byte = 0;
        if (i + 2 >= text.size()) return std::nullopt;
        const char* const digits = text.data() + i + 1;
        const auto [end, error] = std::from_chars(digits, digits + 2, byte, 16);
        if (error != std::errc() || end != digits + 2) return std::nullopt;
        decoded += static_cast<char>(byte);
        i += 2;
    }
    const bool is_clean = std::all_of(decoded.begin(), decoded.end(), [](char c) { return c > ' ' && c != '\x7F'; });
    return is_clean ? std::optional(decoded) : std::nullopt;
}

bool is_host(std::string_view text) {
    if (text.starts_with('[') && text.ends_with(']')) {
        text = text.substr(1, text.size() - 2);
        return !text.empty() && text.find_first_not_of("0123456789abcdefABCDEF:.") == std::string_view::npos;
    }
    return !text.empty() &&
           text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-") ==
               std::string_view::npos;
}

Parsed parse_server(std::string_view rest, bool tls) {
    MailPlace place;
    place.kind = MailPlace::Kind::smtp;
    place.tls = tls;
    if (const auto at = rest.rfind('@'); at != std::string_view::npos) {
        const std::string_view user = rest.substr(0, at);
        if (user.find(':') != std::string_view::npos) {
            return std::string("must not hold a password: everyone who sees the process sees it; set SMTP_PASSWORD");
        }
        const auto decoded = percent_decoded(user);
        if (!decoded || decoded->empty()) return std::string("has no user before its @, or one that can't be");
        place.user = *decoded;
        rest.remove_prefix(at + 1);
    }
    if (rest.ends_with('/')) rest.remove_suffix(1);
    const auto colon = rest.ends_with(']') ? std::string_view::npos : rest.rfind(':');
    if (colon != std::string_view::npos) {
        const std::string_view port = rest.substr(colon + 1);
        const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), place.port);
        if (error != std::errc() || end != port.data() + port.size() || place.port < 1 || place.port > 65'535) {
            return "\"" + std::string(port) + "\" is no port";
        }
        rest = rest.substr(0, colon);
    }
    if (!is_host(rest)) return "\"" + std::string(rest) + "\" is no host";
    place.host = rest;
    return place;
}

}  // namespace

Parsed MailPlace::parse(const std::string& text) {
    if (text.starts_with(file_scheme)) {
        MailPlace place;
        place.folder = text.substr(file_scheme.size());
        if (place.folder.empty()) return std::string("needs a folder: file:DIR");
        return place;
    }
    if (text.starts_with(smtp_scheme)) return parse_server(std::string_view(text).substr(smtp_scheme.size()), false);
    if (text.starts_with(smtps_scheme)) return parse_server(std::string_view(text).substr(smtps_scheme.size()), true);
    return std::string("must be file:DIR, smtp://[user@]host:port or smtps://[user@]host:port");
}

}  // namespace nearline::notification
