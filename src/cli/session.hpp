#pragma once

#include <mutex>
#include <string>

namespace nearline::cli {

/// A login that many threads share; logs in again when a token is worth nothing any more. Thread-safe.
class Session {
public:
    /// `url`: auth-svc, or a gateway that passes logins on.
    Session(std::string url, std::string user, std::string password);

    /// The token; logs in for the first. Throws std::runtime_error when the login is refused, Unavailable.
    std::string token();
    /// A token other than `spent`.
    std::string renew(const std::string& spent);

private:
    void login();

    const std::string url_;
    const std::string user_;
    const std::string password_;
    std::mutex mutex_;
    std::string token_;
};

}  // namespace nearline::cli
