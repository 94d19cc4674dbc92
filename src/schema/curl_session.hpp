#pragma once

#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "schema/registry.hpp"

/// Blocking HTTP to one server over libcurl. Not for other rooms: they have http/client.hpp, which is not
/// below this one.
namespace nearline::schema {

/// No answer: not reached, cut off, too late, TLS refused.
class TransportError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

struct HttpAnswer {
    int status = 0;
    std::string body;
};

/// Unreserved characters as they are, all others as %XX.
std::string percent_encode(std::string_view text);

/// As many connections as are used at the same time, each kept for the next request. Thread-safe.
class CurlSessions {
public:
    /// Throws std::invalid_argument for a URL that is none, or not http or https.
    explicit CurlSessions(const RegistryClientOptions& options);
    ~CurlSessions();

    /// POST; GET where the body is empty. Throws TransportError.
    HttpAnswer send(const std::string& path, const std::string& body);

    /// "the schema registry at http://host:8081"
    const std::string& name() const noexcept { return name_; }

private:
    struct Session;
    std::unique_ptr<Session> take();
    void give_back(std::unique_ptr<Session> session);

    RegistryClientOptions options_;
    std::string name_;
    std::mutex mutex_;
    std::vector<std::unique_ptr<Session>> idle_;
};

}  // namespace nearline::schema
