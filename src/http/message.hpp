#pragma once

#include <chrono>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "domain/problem.hpp"

namespace nearline::http {

/// Header fields in their order; names compare without case.
class Headers {
public:
    Headers() = default;
    Headers(std::initializer_list<std::pair<std::string, std::string>> fields) : fields_(fields) {}
    void add(std::string name, std::string value);  ///< another field, also of a name that is there
    void set(std::string name, std::string value);  ///< the only field of this name
    /// The first field's value.
    std::optional<std::string_view> find(std::string_view name) const noexcept;
    const std::vector<std::pair<std::string, std::string>>& all() const noexcept { return fields_; }

private:
    std::vector<std::pair<std::string, std::string>> fields_;
};

struct Request {
    std::string method;                         ///< as sent: GET, POST, …
    std::string target;                         ///< as sent: path and query
    std::string path;                           ///< the target's path, as sent
    std::map<std::string, std::string> query;   ///< percent-decoded; no name came twice
    std::map<std::string, std::string> params;  ///< what the route's {names} matched, percent-decoded
    Headers headers;
    std::string body;
    std::string remote_address;  ///< the client's, X-Forwarded-For of a trusted proxy taken into account
    std::string request_id;      ///< made by the server for this request (a UUID)
};

struct Response {
    int status = 200;
    Headers headers{};
    std::string body{};
    bool close = false;  ///< close the connection after it
};

/// A problem as application/problem+json (RFC 9457), with Retry-After and WWW-Authenticate where the
/// problem has them.
Response to_response(const Problem& problem);

Response json_response(int status, std::string body);

}  // namespace nearline::http
