#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.hpp"

namespace nearline::http {

/// The proxies whose X-Forwarded-For counts, as addresses ("10.0.0.7", "::1") or networks
/// ("10.0.0.0/8", "fd00::/8"). Thread-safe.
class TrustedProxies {
public:
    /// Throws std::invalid_argument that names what is neither.
    explicit TrustedProxies(const std::vector<std::string>& networks);
    ~TrustedProxies();
    TrustedProxies(TrustedProxies&&) noexcept;

    /// What is wrong with one entry of the list, or "" if it is fine (a Settings::Check).
    static std::string check(const std::string& network);

    /// The client's address: the peer's, or, where the peer is trusted, the rightmost address in
    /// X-Forwarded-For that is not. What stands left of that may have been made up by the client.
    std::string client_address(const std::string& peer, const Headers& headers) const;

private:
    struct Network;
    bool trusts(std::string_view address) const;
    std::vector<Network> networks_;
};

}  // namespace nearline::http
