#pragma once

#include <boost/system/result.hpp>
#include <chrono>
#include <exception>
#include <optional>
#include <string>
#include <vector>

namespace nearline {

/// One place in a JSON document that breaks its schema.
struct Violation {
    std::string pointer;   ///< JSON pointer (RFC 6901); "" is the whole document
    std::string detail{};  ///< what is wrong there, and what would be right
    friend bool operator==(const Violation&, const Violation&) = default;
};

/// Why a request is refused, in the words of RFC 9457. HTTP turns it into application/problem+json,
/// a dead letter into its headers.
struct Problem {
    int status = 500;      ///< an HTTP status
    std::string title{};   ///< short, the same for every problem of its kind
    std::string detail{};  ///< this case, and what the caller can do about it
    std::vector<Violation> errors{};
    std::string request_id{};                           ///< empty: none
    std::optional<std::chrono::seconds> retry_after{};  ///< Retry-After
    std::string www_authenticate{};                     ///< WWW-Authenticate; empty: none
    friend bool operator==(const Problem&, const Problem&) = default;
};

/// A value, or the caller's fault as a Problem. What is unavailable throws Unavailable instead.
template <class T>
using Result = boost::system::result<T, Problem>;

/// A dependency (broker, database, registry, mail server) can't do its work now; waiting and trying
/// again can help. what() names the dependency and says why.
class Unavailable : public std::exception {
public:
    explicit Unavailable(std::string why) : why_(std::move(why)) {}
    const char* what() const noexcept override { return why_.c_str(); }

private:
    std::string why_;
};

/// Found by boost::system::result when value() is asked of a result that holds a problem.
[[noreturn]] void throw_exception_from_error(const Problem& problem, const boost::source_location& where);

}  // namespace nearline
