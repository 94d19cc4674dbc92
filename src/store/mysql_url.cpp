#include <optional>

#include "domain/whole_number.hpp"
#include "store/mysql.hpp"

namespace nearline::store {
namespace {

[[noreturn]] void refuse(const std::string& why) {
    throw std::invalid_argument("MySQL URL: " + why + "; it looks like mysql://user@host:3306/database");
}

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    refuse("a % without two hexadecimal digits");
}

std::string percent_decoded(std::string_view text) {
    std::string decoded;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            decoded += text[i];
            continue;
        }
        if (i + 2 >= text.size()) refuse("a % without two hexadecimal digits");
        decoded += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
        i += 2;
    }
    return decoded;
}

int parse_port(std::string_view text) {
    const auto port = parse_whole_number<int>(text);
    if (!port || *port < 1 || *port > 65'535) refuse("'" + std::string(text) + "' is no port");
    return *port;
}

// host, host:port, [v6], [v6]:port
void parse_authority(std::string_view text, MysqlOptions& options) {
    std::string_view rest;
    if (text.starts_with('[')) {
        const std::size_t end = text.find(']');
        if (end == std::string_view::npos) refuse("'[' without ']'");
        options.host = text.substr(1, end - 1);
        rest = text.substr(end + 1);
    } else {
        const std::size_t colon = text.find(':');
        options.host = text.substr(0, colon);
        if (colon != std::string_view::npos) rest = text.substr(colon);
    }
    if (options.host.empty()) refuse("no host");
    if (rest.empty()) return;
    if (!rest.starts_with(':')) refuse("'" + std::string(rest) + "' after the host");
    options.port = parse_port(rest.substr(1));
}

MysqlOptions::Tls parse_tls(std::string_view text) {
    if (text == "off") return MysqlOptions::Tls::off;
    if (text == "required") return MysqlOptions::Tls::required;
    if (text == "verified") return MysqlOptions::Tls::verified;
    refuse("ssl-mode is '" + std::string(text) + "', not off, required or verified");
}

void parse_query(std::string_view query, MysqlOptions& options) {
    std::optional<MysqlOptions::Tls> mode;
    while (!query.empty()) {
        const std::size_t end = query.find('&');
        const std::string_view pair = query.substr(0, end);
        query = end == std::string_view::npos ? std::string_view() : query.substr(end + 1);
        const std::size_t equals = pair.find('=');
        const std::string_view name = pair.substr(0, equals);
        const std::string value = percent_decoded(equals == std::string_view::npos ? "" : pair.substr(equals + 1));
        if (name == "ssl-mode") {
            mode = parse_tls(value);
        } else if (name == "ssl-ca" && !value.empty()) {
            options.tls_ca = value;
        } else {
            refuse("'" + std::string(pair) + "' is no option of it (ssl-mode=off|required|verified, ssl-ca=FILE)");
        }
    }
    options.tls = mode.value_or(options.tls_ca.empty() ? MysqlOptions::Tls::off : MysqlOptions::Tls::verified);
    if (!options.tls_ca.empty() && options.tls != MysqlOptions::Tls::verified) refuse("ssl-ca needs ssl-mode=verified");
}

}  // namespace

MysqlOptions parse_mysql_url(std::string_view url) {
    constexpr std::string_view scheme = "mysql://";
    if (!url.starts_with(scheme)) refuse("it does not start with mysql://");
    url.remove_prefix(scheme.size());
    MysqlOptions options;
    if (const std::size_t question = url.find('?'); question != std::string_view::npos) {
        parse_query(url.substr(question + 1), options);
        url = url.substr(0, question);
    }
    const std::size_t slash = url.find('/');
    if (slash == std::string_view::npos || slash + 1 == url.size()) refuse("no database");
    options.database = percent_decoded(url.substr(slash + 1));
    if (options.database.find('/') != std::string::npos) refuse("'" + options.database + "' is no database's name");
    url = url.substr(0, slash);
    const std::size_t at = url.rfind('@');
    if (at == std::string_view::npos || at == 0) refuse("no user");
    // Not repeated in the message: it would be in every log.
    if (url.substr(0, at).find(':') != std::string_view::npos) {
        refuse("a password in it would show in process lists: set MYSQL_PASSWORD or MYSQL_PASSWORD_FILE instead");
    }
    options.user = percent_decoded(url.substr(0, at));
    parse_authority(url.substr(at + 1), options);
    return options;
}

std::string MysqlOptions::address() const {
    const bool is_v6 = host.find(':') != std::string::npos;
    return (is_v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

}  // namespace nearline::store
