#pragma once

#include <boost/json/value.hpp>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>

namespace nearline {
class Backoff;
class Unavailable;
}  // namespace nearline

namespace nearline::cli {

/// What the admin API says no with.
class AdminRefusal : public std::runtime_error {
public:
    AdminRefusal(int status, const std::string& what) : std::runtime_error(what), status(status) {}
    const int status;  ///< HTTP's
};

/// Asks the admin API: a path and a query, answered with the JSON document. Throws AdminRefusal with what the
/// API says, std::runtime_error for what is no admin API, Unavailable when it can't be reached. App hands it over:
/// over HTTP, or at the stream.
using AskAdmin =
    std::function<boost::json::value(const std::string& path, const std::map<std::string, std::string>& query)>;

struct AdminApi {
    AskAdmin get;
    AskAdmin post;
};

/// Says on standard error, for the command, that whom it asks is away, and blocks until it is time to ask again.
void rest_before_next_try(const std::string& command, const Unavailable& error, Backoff& backoff);

}  // namespace nearline::cli
