#include "http/trusted_proxies.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/ip/address.hpp>
#include <charconv>
#include <cstdint>
#include <optional>
#include <stdexcept>

#include "http/text.hpp"

namespace nearline::http {
namespace {

using Bytes = std::array<std::uint8_t, 16>;

/// Every address as IPv6, IPv4 as ::ffff:a.b.c.d, so that one comparison serves both, and an IPv4 client
/// on an IPv6 socket is the client that it is.
std::optional<Bytes> parse_address(std::string_view text) {
    boost::system::error_code error;
    const auto address = boost::asio::ip::make_address(std::string(text), error);
    if (error) return std::nullopt;
    if (address.is_v6()) return address.to_v6().to_bytes();
    return boost::asio::ip::make_address_v6(boost::asio::ip::v4_mapped, address.to_v4()).to_bytes();
}

/// Proxies write "192.0.2.1", some "192.0.2.1:4711", "[2001:db8::1]" or "[2001:db8::1]:4711".
std::string_view without_port(std::string_view text) {
    if (text.starts_with('[')) return text.substr(1, text.find(']') - 1);
    const auto colon = text.find(':');
    return colon != std::string_view::npos && colon == text.rfind(':') ? text.substr(0, colon) : text;
}

}  // namespace

struct TrustedProxies::Network {
    Bytes bytes{};
    int bits = 128;

    static std::optional<Network> parse(std::string_view text) {
        const auto slash = text.find('/');
        const auto address = parse_address(text.substr(0, slash));
        if (!address) return std::nullopt;
        Network network{*address};
        if (slash == std::string_view::npos) return network;
        const bool v4 = text.substr(0, slash).find(':') == std::string_view::npos;
        const auto digits = text.substr(slash + 1);
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), network.bits);
        if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
        if (network.bits < 0 || network.bits > (v4 ? 32 : 128)) return std::nullopt;
        if (v4) network.bits += 96;
        return network;
    }

    bool holds(const Bytes& address) const {
        const auto whole = static_cast<std::size_t>(bits / 8);
        if (!std::equal(bytes.begin(), bytes.begin() + bits / 8, address.begin())) return false;
        if (bits % 8 == 0) return true;
        const int mask = 0xff << (8 - bits % 8);
        return ((bytes[whole] ^ address[whole]) & mask & 0xff) == 0;
    }
};

TrustedProxies::TrustedProxies(const std::vector<std::string>& networks) {
    for (const auto& text : networks) {
        const auto network = Network::parse(text);
        if (!network) throw std::invalid_argument("trusted proxy " + check(text));
        networks_.push_back(*network);
    }
}

TrustedProxies::~TrustedProxies() = default;
TrustedProxies::TrustedProxies(TrustedProxies&&) noexcept = default;

std::string TrustedProxies::check(const std::string& network) {
    if (Network::parse(network)) return {};
    return "'" + network + "' is neither an address (10.0.0.7, ::1) nor a network (10.0.0.0/8, fd00::/8)";
}

bool TrustedProxies::trusts(std::string_view address) const {
    const auto bytes = parse_address(address);
    return bytes && std::any_of(networks_.begin(), networks_.end(),
                                [&](const Network& network) { return network.holds(*bytes); });
}

std::string TrustedProxies::client_address(const std::string& peer, const Headers& headers) const {
    if (networks_.empty() || !trusts(peer)) return peer;
    std::vector<std::string_view> hops;
    for (const auto& [name, value] : headers.all())
        if (equal_ignoring_case(name, "X-Forwarded-For"))
            for_each_element(value, [&](std::string_view hop) { hops.push_back(without_port(hop)); });
    std::string client = peer;
    for (auto hop = hops.rbegin(); hop != hops.rend(); ++hop) {
        // What is no address can't be told from what a client made up: the last hop that is known counts.
        if (!parse_address(*hop)) break;
        client = *hop;
        if (!trusts(*hop)) break;
    }
    return client;
}

}  // namespace nearline::http
